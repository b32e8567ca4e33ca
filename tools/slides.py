"""Build a chapter as slides: `python tools/slides.py 02_model`, or `make slides NB=02_model`, which
gets reveal.js from npm first. The page has all that it needs inside, and opens without a network.

What is on a slide is decided by `transformers_lite.editions`; here it becomes HTML."""
import argparse, json
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter
from traitlets.config import Config

import transformers_lite.__main__ as program
from transformers_lite.languages import known_languages

HERE = Path(__file__).resolve().parent
PARTS = HERE/'slides'
REVEAL = PARTS/'node_modules'/'reveal.js'
NBS = HERE.parent/'nbs'

def text_of(file): # of reveal.js
    "What it says; SystemExit if it isn't there."
    if not REVEAL.exists():
        raise SystemExit('reveal.js is not there yet. `npm ci --prefix tools/slides` gets it.')
    return (REVEAL/file).read_text(encoding='utf-8')

def script():
    "reveal.js, and its notes for the speaker; as it may stand within a page."
    files = 'dist/reveal.js', 'plugin/notes/notes.js'
    return '\n'.join(map(text_of, files)).replace('</script', r'<\/script')

def style():
    "How a slide looks: reveal.js lays it out, deck.css does the rest."
    return text_of('dist/reveal.css') + (PARTS/'deck.css').read_text(encoding='utf-8')

def exporter():
    "nbconvert's, with the template of `PARTS`."
    alone = dict(enabled=True, remove_input_tags={'remove-input'})
    config = Config(TagRemovePreprocessor=alone)
    return SlidesExporter(
        config=config, template_name=PARTS.name, extra_template_basedirs=[str(HERE)],
        exclude_input_prompt=True, exclude_output_prompt=True, embed_images=True)

def deck(
    chapter, # such as '02_model'
    language='en', # or one of `known_languages()`
): # the page, as text
    "A chapter as slides."
    program.speak(language)
    page = program.told(NBS/f'{chapter}.ipynb', 'slides')
    nb = nbformat.reads(json.dumps(page), 4)
    nb.metadata.language_info = dict(name='python', pygments_lexer='ipython3')
    title = nb.cells[0].source.splitlines()[0].lstrip('# ')
    about = dict(title=title, language=language, script=script(), style=style())
    return exporter().from_notebook_node(nb, dict(deck=about, metadata=dict(path=str(NBS))))[0]

def main():
    p = argparse.ArgumentParser(prog='python tools/slides.py', description=__doc__)
    stems = sorted(f.stem for f in NBS.glob('*.ipynb'))
    p.add_argument('chapter', choices=stems, metavar='CHAPTER', help='such as 02_model')
    p.add_argument('--lang', choices=['en', *known_languages()], default='en', help='such as ja')
    p.add_argument('--to', type=Path, default=Path('build/slides'), help='default: %(default)s')
    args = p.parse_args()
    args.to.mkdir(parents=True, exist_ok=True)
    suffix = '' if args.lang == 'en' else f'.{args.lang}'
    file = args.to/f'{args.chapter}{suffix}.html'
    file.write_text(deck(args.chapter, args.lang), encoding='utf-8')
    print(f'{file}: open it in a browser. The arrows go on, S shows the notes, F fills the screen.')

if __name__ == '__main__': main()
