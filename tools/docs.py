"How the site shows an exported class or function: see `renderer` in pyproject.toml."
from nbdev.doclinks import NbdevLookup
from nbdev.showdoc import BasicMarkdownRenderer

class Heading(BasicMarkdownRenderer):
    "A heading, and a link to the source. Signature and docstring stand right below, in the code itself."
    def _repr_markdown_(self):
        source = NbdevLookup().code(self.fn)
        link = f' [source]({source}){{target="_blank" style="float:right; font-size:smaller"}}\n\n' if source else ''
        return f"{link}{'#'*self.title_level} {self.nm}\n"
