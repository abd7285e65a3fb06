"""How a report looks: one module for each form. They only format; nothing is computed here."""
