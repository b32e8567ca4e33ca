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

class links_found(Processor):
    "nbdev links to sources and other pages by the package's entry point. Without it it makes no link, and says nothing: here it stops."
    def begin(self):
        if 'transformers_lite' not in NbdevLookup().entries:
            raise RuntimeError("nbdev doesn't find the entry point `nbdev` of transformers_lite, so no page would link to a source or to another page. "
                               "Install the package in this environment, with `pip install -e .`, and build the site again.")

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

def as_markdown(
    html:str, # an output as a notebook shows it
    text:str, # the same as a terminal shows it
)->str: # Quarto's markdown
    "HTML for the site, where a cell is found by its id alone, and text for the page in Markdown beside it."
    fence = '`' * max(3, *(len(ticks) + 1 for ticks in re.findall('`+', html + text)), 3)
    html = html.replace('.ipynb#cell-id=', '.ipynb#')
    return (f'::: {{.content-visible when-format="html"}}\n{fence}{{=html}}\n{html}\n{fence}\n:::\n\n'
            f'::: {{.content-hidden when-format="html"}}\n{fence}\n{text}\n{fence}\n:::\n')

def own_outputs(
    cell, # of a page
):
    """HTML goes to Quarto as markdown, for to a page with other HTML it adds jQuery and RequireJS from elsewhere, which nothing here uses. Headings
    in an output, as in a model card, are no headings of the page."""
    if getattr(cell, 'has_sd', False): return
    for data in [o['data'] for o in cell.get('outputs', []) if 'data' in o]:
        parts = {k: ''.join(data[k]) for k in ('text/html', 'text/markdown', 'text/plain') if k in data}
        if 'text/html' in parts:
            del data['text/html']
            data['text/markdown'] = as_markdown(parts['text/html'], parts.get('text/plain', ''))
        elif 'text/markdown' in parts: data['text/markdown'] = re.sub(r'^#', '###', parts['text/markdown'], flags=re.M)
