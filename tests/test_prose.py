"""Prose keeps its word: a number that a chapter's prose gives for a result stands in an output or in the code of its section, so that running the page again can't leave the sentence behind.
What can't stand there (a paper's figure, a format's size) is a line of tests/data/prose_numbers.md, with its reason."""
import html, json, re

import pytest

from helpers import NOTEBOOKS, ROOT

WORDS = dict(two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10, twelve=12, fifteen=15, twenty=20, thirty=30, forty=40, fifty=50, hundred=100)
UNITS = {'%': .01, 'per cent': .01, 'ms': .001, 'milliseconds': .001, 'µs': 1e-6, 'minutes': 60, 'hours': 3600, 'kB': 1e3, 'MB': 1e6, 'GB': 1e9, 'million': 1e6, 'billion': 1e9,
         's': 1, 'seconds': 1, 'dB': 1, 'times': 1, '×': 1, 'points': 1, 'epochs': 1, 'steps': 1}
DIGITS = r'\d[\d,]*(?:\.\d+)?'
CLAIM = re.compile(rf"(?<![\w.#-])(?P<n>{DIGITS})\s?(?P<unit>{'|'.join(map(re.escape, sorted(UNITS, key=len, reverse=True)))})(?!\w|\s?\d)"
                   rf"|(?<![\w.#-])(?P<of>{DIGITS}) (?:out )?of (?P<all>{DIGITS})(?!\w)"
                   r"|(?<![\w.,#-])(?P<long>\d{1,3}(?:,\d{3})+|\d+\.\d+)(?![\w.]*\w)"
                   rf"|\b(?P<word>twice|half as|(?:{'|'.join(WORDS)}) times) (?=as |more|less|fewer|faster|slower|quicker|larger|smaller|longer|shorter|the )", re.I)
NAMES = re.compile(r'(?:wav2vec|Keras|Python|torch|PyTorch|transformers|transformers\.js|sections?|version|releases?|Apache-?|CC BY|accelerate|peft|TRL|Pillow|tokenizers|MIT|AVX-?|nbdev|BY-SA|and|or|before|since|in|of|with|from|for|to|until|under|on|at|both) ?(?=[45]\.\d|2\.\d+\b|3\.\d|1\.\d)(?:4\.57(?:\.6)?|5\.\d+|\d+\.\d+(?:\.\d+)?)'
                   r'|(?:wav2vec|Keras|Python|torch|PyTorch|transformers|sections?|Apache|version|release|GPT|Qwen|CC BY(?:-SA)?)[ -]\d+(?:\.\d+)*|\b(?:4\.57|5\.23|4\.57\.6|5\.x|4\.x)\b', re.I)
EXCEPTIONS = ROOT/'tests'/'data'/'prose_numbers.md'

def prose_of(cell):
    "A cell's sentences: no code, targets of links, formulas, nor names with numbers in them."
    text = re.sub(r'```.*?```|`[^`]*`|(?<=\])\([^)\s]*\)|\$[^$]+\$|https?://\S+|<!--.*?-->', ' ', ''.join(cell['source']), flags=re.S)
    return NAMES.sub(' ', text)

def claims(text):
    "Each number that a text gives for something measured: what was matched, and the value with its places, as many as it is bound to."
    for m in CLAIM.finditer(text):
        if m['word']: yield m[0], [((0.5 if m['word'].lower().startswith('half') else 2 if m['word'].lower() == 'twice' else WORDS[m['word'].split()[0].lower()]), 0, 1)]
        elif m['of']: yield m[0], [(*number(m['of']), 1), (*number(m['all']), 1)]
        else: yield m[0], [(*number(m['n'] or m['long']), UNITS[m['unit']] if m['unit'] in UNITS else 1)]

def number(s):
    s = s.rstrip(',').replace(',', '')
    return float(s), len(s.partition('.')[2])

def numbers(text):
    "All numbers of an output or of code, with and without a comma at the thousands, and counts in words."
    text = re.sub(r'(?<=\d)[ _](?=\d{3}\b)', '', text)
    found = [float(n.replace(',', '')) for n in re.findall(r'\d{1,3}(?:,\d{3})+(?:\.\d+)?', text)]
    return found + [float(n) for n in re.findall(r'(?:\d+\.\d*|\.\d+|\d+)(?:e[+-]?\d+)?', text)]

def shown(cell):
    "What a code cell says: its outputs as text, and its code without comments."
    code = '\n'.join(re.sub(r'(^|\s)#(?!\|).*', '', line) for line in ''.join(cell['source']).splitlines())
    for o in cell.get('outputs', ()):
        for kind, data in (o.get('data') or {'text/plain': o.get('text', '')}).items():
            if kind.startswith('text/'): code += '\n' + html.unescape(re.sub(r'<style.*?</style>|<[^>]+>', ' ', ''.join(data), flags=re.S))
    return code

def holds(value, places, scale, there):
    "Whether a number, as it was rounded, is among those that are there; in its unit, or in the base unit."
    near = .5*10**-places*(1 + 1e-9)
    return any(abs(n - value) <= near or abs(n/scale - value) <= near for n in there)

def sections(cells):
    "The cells between two headings of the second level; the first part belongs to the whole page."
    part = []
    for c in cells:
        if c['cell_type'] == 'markdown' and ''.join(c['source']).startswith('## ') and part: yield part; part = []
        part.append(c)
    yield part

def unbound(cells):
    "The claims of a page that no cell of their section makes: each with its sentence."
    everything = [n for c in cells if c['cell_type'] == 'code' for n in numbers(shown(c))]
    for i, part in enumerate(sections([c for c in cells if c['id'] not in ('run-it', 'glance', 'made')])):
        there = [n for c in part if c['cell_type'] == 'code' for n in numbers(shown(c))] if i else everything
        for c in part:
            if c['cell_type'] != 'markdown' or ''.join(c['source']).startswith('**Q'): continue # a question's numbers are made up for it
            text = ' '.join(prose_of(c).split())
            for said, values in claims(text):
                if not all(holds(*v, there) for v in values):
                    at = text.index(said)
                    yield f"{said.strip()} ({c['id']}: …{text[max(0, at - 60):at + len(said) + 40]}…)", said, text

def exceptions():
    "Chapter, phrase and reason of each line of the list."
    return re.findall(r'^\| (\w+) \| (.+?) \| (.+?) \|$', EXCEPTIONS.read_text(encoding='utf-8').split('|---|', 1)[1], re.M)

def faults(stem, cells, allowed):
    "The claims that neither a cell nor an exception holds, and the exceptions that nothing needs."
    used = set()
    for said, claim, text in unbound(cells):
        held = [phrase for chapter, phrase, _ in allowed if chapter == stem and phrase in text and claim.strip() in phrase]
        used.update(held)
        if not held: yield said
    for chapter, phrase, _ in allowed:
        if chapter == stem and phrase not in used: yield f'no longer needed in {EXCEPTIONS.name}: {phrase}'

def cells_of(path): return json.loads(path.read_text(encoding='utf-8'))['cells']

@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda p: p.stem)
def test_numbers_in_prose_are_made_by_their_section(path):
    found = [*faults(path.stem, cells_of(path), exceptions())]
    assert not found, 'Let a cell of the section show or assert it, round it away, or give a reason in tests/data/prose_numbers.md:\n' + '\n'.join(found)

def page(prose, output='', code='f()'):
    return [dict(cell_type='markdown', id='a', source=['# A']), dict(cell_type='markdown', id='b', source=['## B']), dict(cell_type='markdown', id='c', source=[prose]),
            dict(cell_type='code', id='d', source=[code], outputs=[dict(data={'text/plain': [output]})])]

@pytest.mark.parametrize('prose, output, code, ok', [
    ('It is right in 93 % of cases.', '0.9312', 'f()', True), ('It is right in 93 % of cases.', '0.941', 'f()', False),
    ('A loss of 0.47.', '{"loss": 0.4712}', 'f()', True), ('A loss of 0.47.', '0.48', 'f()', False), ('A loss of 0.47.', '', 'assert loss < .475 and 0.47', True),
    ('It has 982,144 weights.', '982144', 'f()', True), ('It has 982,144 weights.', '982145', 'f()', False),
    ('31 of 40 were found.', '31 40', 'f()', True), ('31 of 40 were found.', '30 40', 'f()', False),
    ('It is three times as fast.', '2.9', 'f()', True), ('It is three times as fast.', '1.9', 'f()', False), ('It is twice as fast.', '', 'f() # 2', False),
    ('It takes 2 MB.', '2012345', 'f()', True), ('`0.47` and [this](page-0.47) and transformers 5.23.', '', 'f()', True), ('A table | 12.5 % |', '12.7', 'f()', False)])
def test_a_number_without_its_cell_is_noticed(prose, output, code, ok):
    assert (not [*faults('x', page(prose, output, code), [])]) == ok

def test_an_exception_is_for_its_chapter_and_needed():
    cells = page('The paper says 37 %.')
    assert [*faults('x', cells, [('x', 'says 37 %', 'the paper')])] == [] and len([*faults('x', cells, [('y', 'says 37 %', 'the paper')])]) == 1
    assert len([*faults('x', page('Nothing.'), [('x', 'says 37 %', 'the paper')])]) == 1
    assert all(stem in {p.stem for p in NOTEBOOKS} and len(reason) > 10 for stem, _, reason in exceptions())
