"A chapter as slides: what is on them; and, where npm and Chromium are, one deck in a browser without a network."
import ast, json, os, re, shutil, sys

import pytest

from answers import role, source
from helpers import NOTEBOOKS, ROOT, run
from test_browser import CHROMIUM, FLAGS
from transformers_lite.editions import edition, essence, on_slide, questions, untested

def page(path): return json.loads(path.read_text(encoding='utf-8'))
def kind(cell): return cell['metadata']['slideshow']['slide_type']
def code(cell): return cell['cell_type'] == 'code'
def headings(cells): return [m[1] for c in cells if not code(c) and (m := re.match(r'##? (.+)', source(c)))]

@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda p: p.stem)
def test_what_is_on_a_slide(path):
    "A slide for each heading; all pictures and questions; code is a program, without tests, checks and solutions; no sentence is lost."
    whole = page(path)
    before = json.dumps(whole)
    talk = edition(whole, 'slides')['cells']
    assert json.dumps(whole) == before
    begins = [c for c in talk if kind(c) == 'slide']
    assert headings(begins) == headings(whole['cells']) and not headings(c for c in talk if kind(c) != 'slide')
    assert [c['id'] for c in talk if source(c).startswith('**Q')] == [c['id'] for c in whole['cells'] if source(c).startswith('**Q')]
    def pictures(cells): return sum(m.startswith('image/') for c in cells if not role(c) and '#| hide' not in source(c) for o in c.get('outputs', ()) for m in o.get('data', ()))
    assert pictures(talk) == pictures(whole['cells'])
    assert {role(c) for c in talk} <= {None, 'question'} and len({c['id'] for c in talk}) == len(talk)
    for c in filter(code, talk):
        for n in ast.parse(source(c)).body: assert not isinstance(n, ast.Assert) or not c.get('outputs'), source(c)
        assert not source(c).startswith('#|')
    def words(cells): return {w for c in cells if c['cell_type'] == 'markdown' for w in re.sub('<details>.+|</details>', '', source(c)).split()}
    assert sum(kind(c) == 'fragment' for c in talk) == len(questions(whole)) # their answers
    assert words(talk) == words(whole['cells'])

LAYER = '''class Layer(nn.Module):
    "A layer."
    def __init__(self,
        d, # width
    ):
        super().__init__()
        self.d = d

    @torch.no_grad()
    def forward(self, x):
        y = x + 1
        return y

    def walk(self, xs):
        self.seen = 0
        for x in xs:
            if x:
                self.seen += 1
                yield x
    def name(self): self.a = 1
LIMIT = 3
'''

def test_essence():
    assert essence(LAYER, 99) == LAYER
    assert essence(LAYER, 5).splitlines() == [
        'class Layer(nn.Module):', '    "A layer."', '    def __init__(self,', '        d, # width', '    ):', '        ...', '    @torch.no_grad()', '    def forward(self, x):', '        y = x + 1',
        '        return y', '    def walk(self, xs):', '        ...', '        for x in xs:', '            if x:', '                ...', '                yield x', '    def name(self): self.a = 1', 'LIMIT = 3']

def test_a_program_without_tests(): assert untested('x = 1\nassert x, (\n  "x")\ntest_eq(x,\n  1)\n"test_eq(x)"\nx.test_y()') == 'x = 1\n"test_eq(x)"\nx.test_y()'

def test_shown_and_said():
    def text(s): return dict(cell_type='markdown', metadata={}, source=s.splitlines(keepends=True))
    assert on_slide(text('## A\n\nWords.\n\n![What there is](a.png)\n\n| a | b |\n|---|---|')) == ('## A\n\n![What there is](a.png)\n\n| a | b |\n|---|---|', 'Words.')
    assert on_slide(text('<a id="a"></a>\n\n## あ\n\n言葉')) == ('<a id="a"></a>\n\n## あ', '言葉') # a heading in another language keeps the anchor
    assert on_slide(text('**Q1.** What?\n\n- A. 1\n- B. 2\n\n<details><summary>Answer</summary>\n\nA. So.\n\n</details>')) == ('**Q1.** What?\n\n- A. 1\n- B. 2', 'A. So.')
    assert on_slide(text('Words, and a # sign')) == ('', 'Words, and a # sign')

def test_the_lock_names_no_registry():
    "npm installs by the checksums alone, from whatever registry it is set to."
    lock = json.loads((ROOT/'tools'/'slides'/'package-lock.json').read_text())
    wanted = json.loads((ROOT/'tools'/'slides'/'package.json').read_text())['dependencies']
    assert {k.removeprefix('node_modules/'): p['version'] for k, p in lock['packages'].items() if k} == wanted
    assert all('integrity' in p and 'resolved' not in p for k, p in lock['packages'].items() if k)

@pytest.fixture(scope='module')
def decks(tmp_path_factory):
    "Two decks, made with a reveal.js that npm has just installed."
    if not (shutil.which('npm') and CHROMIUM) and not os.environ.get('CI'): pytest.skip('no npm or no Chromium here; with both this runs, as it does in CI')
    home = tmp_path_factory.mktemp('slides')
    for name in 'nbs', 'transformers_lite': (home/name).symlink_to(ROOT/name)
    shutil.copytree(ROOT/'tools', home/'tools', ignore=shutil.ignore_patterns('node_modules', '__pycache__'))
    run(shutil.which('npm'), 'ci', '--no-audit', '--no-fund', '--prefix', home/'tools'/'slides')
    for args in (('00_first_hour',), ('20c_rules', '--lang', 'ja')): run(sys.executable, 'tools/slides.py', *args, cwd=home, PYTHONPATH=str(ROOT))
    return home/'build'/'slides'

@pytest.mark.parametrize('name', ['00_first_hour', '20c_rules.ja'])
def test_a_deck_in_a_browser(decks, name):
    "Offline: nothing is asked for, nothing fails; a column for each heading; the arrows go through all slides, and back; pictures are drawn and have words; nothing runs over the edge."
    from playwright.sync_api import sync_playwright
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = browser.new_context(offline=True, viewport=dict(width=1280, height=720)).new_page()
        said, asked = [], []
        tab.on('console', lambda m: said.append(m.text)), tab.on('pageerror', lambda e: said.append(str(e)))
        tab.on('request', lambda r: r.url.startswith('data:') or asked.append(r.url))
        tab.goto((decks/f'{name}.html').as_uri())
        tab.wait_for_function('window.Reveal && Reveal.isReady()')
        columns, slides = tab.evaluate('[Reveal.getHorizontalSlides().length, Reveal.getTotalSlides()]')
        assert columns == len(headings(page(ROOT/'nbs'/f"{name.split('.')[0]}.ipynb")['cells'])) and slides > columns
        seen, steps = set(), slides + tab.evaluate("document.querySelectorAll('.fragment').length")
        for _ in range(steps):
            seen.add(tuple(tab.evaluate('[Reveal.getIndices().h, Reveal.getIndices().v]')))
            assert tab.evaluate('''(() => { const s = Reveal.getCurrentSlide(), edge = s.getBoundingClientRect();
                return [...s.children].filter(e => !e.matches('aside')).every(e => e.getBoundingClientRect().bottom <= edge.bottom + 1); })()'''), seen
            tab.keyboard.press('Space')
        assert len(seen) == slides and tab.evaluate('Reveal.isLastSlide()')
        tab.keyboard.press('Home'), tab.keyboard.press('ArrowRight')
        assert tab.evaluate('Reveal.getIndices().h') == 1
        tab.keyboard.press('ArrowLeft')
        assert tab.evaluate('Reveal.isFirstSlide()')
        images = tab.evaluate('[...document.images].map(i => [i.naturalWidth > 0, i.alt.length > 20])')
        assert all(map(all, images)) and len(images) >= (3 if name == '00_first_hour' else 0)
        browser.close()
    assert said == [] and asked == [(decks/f'{name}.html').as_uri()]
