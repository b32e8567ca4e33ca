"What the site's pages need beside what nbdev does: see `doc_procs` in pyproject.toml."
import os, re
from pathlib import Path

from nbdev import doclinks
from nbdev.doclinks import NbdevLookup
from nbdev.process import Processor
from nbdev.processors import fdiv, mk_cell
from transformers_lite.languages import NAMES, known_languages, say, speak

PACKAGE = 'transformers_lite'
LANGUAGE = os.environ.get('QUARTO_PROFILE', 'en') # of the pages: see the Makefile
speak(LANGUAGE)

def left_out():
    """nbdev's index of names passes over each notebook with `auto` in its name, for so it calls a
    cell of its own: those names, their places on the site and their files."""
    for file in sorted(Path(PACKAGE).glob('[a-z]*.py')):
        notebook = re.search(r'File to edit: .*?([^/]*auto[^/]*[.]ipynb)',
                             file.read_text(encoding='utf-8'))
        if not notebook: continue
        path, page = f'{PACKAGE}/{file.name}', doclinks.nbpath2html(Path(notebook[1]))
        yield from ((name, f'{page}#{name.lower()}', path) for name in doclinks._get_exps(path))

def complete_index():
    "Give nbdev the names that its index lacks."
    lookup = NbdevLookup()
    at = lookup.entries.get(PACKAGE, {}).get('settings')
    for name, place, file in left_out() if at else ():
        links = (f"{at['doc_host']}{at['doc_baseurl']}/{place}", file,
                 f"{at['git_url']}/blob/{at['branch']}/{file}")
        lookup.syms.setdefault(name, links)

complete_index()

class links_found(Processor):
    """nbdev links to sources and other pages by the package's entry point. Without it it makes no
    link, and says nothing: here it stops."""
    def begin(self):
        if PACKAGE not in NbdevLookup().entries:
            raise RuntimeError("nbdev doesn't find the entry point `nbdev` of "
                               f"{PACKAGE}, so no page would link to a source or to another page. "
                               "Install the package in this environment, with `pip install -e .`, "
                               "and build the site again.")

class headings(Processor):
    """A heading for each name, and a link to its source; signature and docstring stand right below,
    in the code itself. A property's getter and setter have one name, and get one heading."""
    def begin(self):
        seen = set()
        for cell in [c for c in self.nb.cells if getattr(c, 'has_sd', False)]:
            name = re.search(r'^show_doc\((.*)\)', cell.source, re.M)[1]
            if name in seen: self.nb.cells.remove(cell)
            seen.add(name)
            link = (f'[source]({NbdevLookup().code(name)})'
                    '{target="_blank" style="float:right; font-size:smaller"}')
            for o in cell.outputs: o['data'] = {'text/markdown': f'{link}\n\n### {name}\n'}

class other_languages(Processor):
    "Under its title, a page has a link to itself in each other language."
    def begin(self):
        page, up = doclinks.nbpath2html(Path(self.nb.path_)).name, '' if LANGUAGE == 'en' else '../'
        others = [x for x in ('en', *known_languages()) if x != LANGUAGE]
        links = [f'[{NAMES[x]}]({up}{"" if x == "en" else x + "/"}{page})'
                 f'{{lang="{x}" hreflang="{x}"}}' for x in others]
        self.nb.cells.insert(1, mk_cell(' · '.join(links), 'markdown'))

def plain_prose(
    cell, # of a page
):
    """Text that goes into a module's docstring as well is marked in the cell's metadata, which
    nbdev writes out as a line of the text. And of what is said for those who don't see a picture,
    Quarto makes a caption for everybody."""
    if cell.cell_type != 'markdown': return
    cell.source = re.sub(r'^#\| *export.*\n', '', cell.source)
    cell.source = re.sub(r'^!\[([^]"]+)\]\((\S+)\)$', r'![](\2){fig-alt="\1"}', cell.source,
                         flags=re.M)
    link = r'\[[^]]+\]\([^)\s]+\)'
    cell.source = re.sub(rf'^{link}( · {link})+$', buttons, cell.source, flags=re.M)

def buttons(
    row, # a match: a line that is links and nothing else
): # the same as Quarto's markdown
    "Links in a line of their own are buttons on the site, the first of them in colour."
    first, *others = row[0].split(' · ')
    return ' '.join([first + '{.btn .btn-primary}',
                     *(link + '{.btn .btn-outline-primary}' for link in others)])

def as_markdown(
    html:str, # an output as a notebook shows it
    text:str, # the same as a terminal shows it
)->str: # Quarto's markdown
    "HTML for the site, where a cell is found by its id alone, and text for the page in Markdown."
    fence = '`' * max([3, *(len(ticks) + 1 for ticks in re.findall('`+', html + text))])
    html = html.replace('.ipynb#cell-id=', '.ipynb#')
    return ('::: {.content-visible when-format="html"}\n'
            f'{fence}{{=html}}\n{html}\n{fence}\n:::\n\n'
            f'::: {{.content-hidden when-format="html"}}\n{fence}\n{text}\n{fence}\n:::\n')

def own_outputs(
    cell, # of a page
):
    """HTML goes to Quarto as markdown, for to a page with other HTML it adds jQuery and RequireJS
    from elsewhere, which nothing here uses. Headings in an output, as in a model card, are no
    headings of the page."""
    if getattr(cell, 'has_sd', False): return
    for data in [o['data'] for o in cell.get('outputs', []) if 'data' in o]:
        parts = {k: ''.join(data[k]) for k in ('text/html', 'text/markdown', 'text/plain')
                 if k in data}
        if 'text/html' in parts:
            del data['text/html']
            data['text/markdown'] = as_markdown(parts['text/html'], parts.get('text/plain', ''))
        elif 'text/markdown' in parts:
            data['text/markdown'] = re.sub(r'^#', '###', parts['text/markdown'], flags=re.M)

class solutions(Processor):
    """A solution stands in a box that the reader opens, with its output; a check is folded. What
    does so in JupyterLab and Colab is not for the site."""
    def begin(self):
        cells, inside = [], False
        for cell in [*self.nb.cells, None]:
            role = cell and cell.metadata.get('exercise')
            solved = role == 'solution'
            if solved and not inside:
                cells.append(fdiv(f'.callout-tip collapse="true" title="{say("Solution")}"'))
            if inside and not solved: cells.append(fdiv())
            inside = solved
            if cell is None: break
            for key in ('exercise', 'jupyter', 'cellView'): cell.metadata.pop(key, None)
            cell.source = re.sub(r'^#@title .*\n', '', cell.source)
            if role == 'check' and '#| code-fold' not in cell.source:
                head = f'#| code-fold: true\n#| code-summary: "{say("The check")}"\n'
                cell.source = head + cell.source
            cells.append(cell)
        self.nb.cells = cells
