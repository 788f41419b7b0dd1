"""The pytest plugin `holdline`: fixtures that set the environment, and a guard against tests that leak changes of it.

pytest loads `plugin` through its entry point; pytest is imported nowhere else in `holdline_runtime`.
"""
