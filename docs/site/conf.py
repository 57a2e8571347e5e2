"""Configure Sphinx for the site that `python docs/site/build.py` stages and builds."""

from importlib.metadata import version as installed

project = "einthoven"
author = "the einthoven authors"
copyright = "the einthoven authors, Apache-2.0"
version = release = installed("einthoven")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
root_doc = "index"
exclude_patterns = ["**/*_notes.md"]
suppress_warnings = ["myst.header"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
highlight_language = "text"
pygments_style = "default"

autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "pydata_sphinx_theme"
html_title = "einthoven"
html_static_path = ["static"]
html_css_files = ["style.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False
html_sidebars = {"index": [], "start": []}
html_context = {"default_mode": "light"}
html_theme_options = {
    "logo": {"text": "einthoven"},
    "show_prev_next": False,
    "header_links_before_dropdown": 7,
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
