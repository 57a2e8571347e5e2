"""Run a declared study: the steps that are not done yet, then its table, figures and page."""
