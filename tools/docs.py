"What the site's pages need beside what nbdev does: see `renderer` and `doc_procs` in pyproject.toml."
import re

from nbdev.doclinks import NbdevLookup
from nbdev.process import Processor
from nbdev.showdoc import BasicMarkdownRenderer

class Heading(BasicMarkdownRenderer):
    "A heading, and a link to the source. Signature and docstring stand right below, in the code itself."
    def _repr_markdown_(self):
        source = NbdevLookup().code(self.fn)
        link = f'[source]({source}){{target="_blank" style="float:right; font-size:smaller"}}\n\n' if source else ''
        return f"{link}{'#'*self.title_level} {self.nm}\n"

class headings_once(Processor):
    "A property's getter and setter have one name, and get one heading."
    def begin(self):
        seen = set()
        for cell in [c for c in self.nb.cells if getattr(c, 'has_sd', False)]:
            name = re.search(r'^show_doc\((.*)\)', cell.source, re.M)[1]
            if name in seen: self.nb.cells.remove(cell)
            seen.add(name)

def plain_prose(
    cell, # of a page
):
    "Text that goes into a module's docstring as well is marked in the cell's metadata, which nbdev writes out as a line of the text."
    if cell.cell_type == 'markdown': cell.source = re.sub(r'^#\| *export.*\n', '', cell.source)
