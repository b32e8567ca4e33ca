"The glossary: each term stands in bold once, where its row says, and no chapter before that uses it. The first hour is free to run ahead."
import json, re
from types import SimpleNamespace

import pytest, yaml

from helpers import ROOT
from transformers_lite.languages import anchor

GLOSSARY = '27_glossary'
EVERYDAY = dict( # words that mean something else in the chapters before their own
    key='a dict has keys', value='a setting has a value', path='a file has a path', transformer='transformers is the library',
    stride="a tokenizer's option: how much two windows of a long text share")

def text_of(stem): return '\n\n'.join(''.join(c['source']) for c in json.loads((ROOT/'nbs'/f'{stem}.ipynb').read_text(encoding='utf-8'))['cells'] if c['cell_type'] == 'markdown')

def pages():
    "The text of each chapter, in the order of the sidebar."
    site = yaml.safe_load((ROOT/'_quarto.yml').read_text(encoding='utf-8'))['website']['sidebar']['contents']
    stems = [n.removesuffix('.ipynb') for part in site[1:] for n in part['contents']]
    return {stem: text_of(stem) for stem in stems if stem not in ('00_first_hour', GLOSSARY)}

def terms():
    "The rows of the glossary: a term, its other forms, a line about it, its chapter and section, and its papers."
    for name, forms, line, link, papers in re.findall(r'^\| ([^|(]+?)(?: \(([^)]+)\))? \| ([^|]+) \| \[\w+\]\(([^)]+)\) \|([^|]*)\|$', text_of(GLOSSARY), re.M):
        chapter, section = link.split('.ipynb#')
        words = [name, *(forms.split(', ') if forms else [])]
        yield SimpleNamespace(name=name, words=words, line=line, chapter=chapter, section=section, papers=[p for p in papers.strip().split('; ') if p])

def word(words): return re.compile(r'(?<![\w-])(?:' + '|'.join(re.escape(w.lower()) + 's?' for w in words) + r')(?![\w-])')

def prose(text):
    "Text in small letters and on one line, without code and the targets of links."
    return ' '.join(re.sub(r'```.*?```|`[^`]*`|(?<=\])\([^)\s]*\)', '', text, flags=re.S).lower().split())

def introduced(text):
    "What stands in bold on a page, each with the anchor of its section."
    section = ''
    for heading, bold in re.findall(r'^#+ (.+)$|`[^`]*`|\*\*([^*]+)\*\*', re.sub('```.*?```', '', text, flags=re.S), re.M):
        if heading: section = anchor(heading)
        elif bold: yield ' '.join(bold.lower().split()), section

def faults(rows, pages):
    "What is wrong with each term, as sentences."
    rows, plain = list(rows), {stem: prose(text) for stem, text in pages.items()}
    bold = [(stem, *found) for stem, text in pages.items() for found in introduced(text)]
    for row in rows:
        form = word(row.words)
        homes = [(stem, section) for stem, said, section in bold if form.fullmatch(said)]
        if homes != [(row.chapter, row.section)]:
            yield f"'{row.name}' stands in bold at {homes}, and the glossary says {row.chapter, row.section}"
        if row.name in EVERYDAY: continue
        longer = [w for other in rows for w in other.words if w not in row.words and form.search(w.lower())]
        for stem, text in plain.items():
            if stem == row.chapter: break
            if any(w.lower() in text for w in row.words) and (m := form.search(text)) and (not longer or (m := form.search(word(longer).sub('', text)))):
                yield f"'{m[0]}' is used in {stem}, before {row.chapter} introduces it"
                break

def test_each_term_is_introduced_once_and_before_it_is_used():
    assert [*faults(terms(), pages())] == []

@pytest.mark.parametrize('stem, old, new, says', [
    ('01a_attention', '**Softmax**', 'Softmax', "'softmax' stands in bold at []"),
    ('02_model', '# 2. Model', '# 2. Model\n\n**softmax**', "('02_model', '2-model')]"),
    ('01_configuration', '# 1. Configuration', '# 1. Configuration\n\nA softmax makes shares.', "'softmax' is used in 01_configuration"),
    ('01_configuration', '# 1. Configuration', '# 1. Configuration\n\nTwo top-k\nlists.', "'top-k' is used in 01_configuration"),
    ('01a_attention', '## Three tokens', '## Four tokens', 'four-tokens-by-hand'),
    ('01_configuration', '# 1. Configuration', '# 1. Configuration\n\n`softmax`, [this](softmax.ipynb) and softmaxed', '')])
def test_a_slip_is_noticed(stem, old, new, says): # negative control
    changed = pages()
    assert old in changed[stem]
    changed[stem] = changed[stem].replace(old, new, 1)
    found = [*faults(terms(), changed)]
    assert any(says in f for f in found) if says else found == []

def test_the_glossary_is_whole():
    "Terms in the order of the alphabet, each once; the papers that they name, and no others; at least 120 terms, and every exemption needed."
    rows, text = [*terms()], text_of(GLOSSARY)
    names = [r.name.lower() for r in rows]
    assert names == sorted({*names}) and len(names) >= 120 and len(names) == len(re.findall(r'^\| [^|]+ \| [^|]+ \| \[', text, re.M))
    assert [r.name for r in rows if not 5 < len(r.line) < 100] == []
    listed = re.findall(r'^- ([^:]+): ', text, re.M)
    assert listed == sorted({*listed}) and {*listed} == {p for r in rows for p in r.papers}
    for name in EVERYDAY:
        row, = (r for r in rows if r.name == name)
        assert any(word(row.words).search(prose(t)) for s, t in pages().items() if s < row.chapter), f'{name} needs no exemption'
