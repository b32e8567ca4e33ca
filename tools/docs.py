"What the site's pages need beside what nbdev does: see doc_procs in pyproject.toml."
import re

def plain_prose(
    cell, # of a page
):
    "Text that goes into a module's docstring as well is marked with a directive; nbdev leaves that on the page."
    if cell.cell_type == 'markdown': cell.source = re.sub(r'^#\| *export.*\n', '', cell.source)
