"""The operators' console: the site that all admin pages hang on, and what frames them.

Pages of models live in their apps. A page, a menu entry, a panel of the overview or a
banner that belongs to no model is one line in `pages`, `menu`, `panels` or `banners`.
"""
