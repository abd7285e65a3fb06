"""Thin adapters: a `Scorer` inside other people's pipelines.

A module for each package, named after it or after what it does there, and imported only by who uses it; each
needs that package and nothing else. All of them say the same of a text, in the terms of `quality.integrations.rater`.
"""
