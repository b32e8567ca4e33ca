"wav2vec2-morse: as right and as small as its card says, alone and in transformers; and a sound that is longer than memory."
import csv, gzip, json, re

import numpy as np, pytest, soundfile as sf, torch
import transformers

from helpers import ROOT, cells_of, run457
from transformers_lite import AutoModelForCTC, AutoProcessor

NAME, FOLDER, DATA = 'transformers-lite/wav2vec2-morse', ROOT/'transformers_lite/checkpoints/wav2vec2-morse', ROOT/'nbs/data/sentiment'
book = cells_of('14_morse', 'MORSE', 'RATE', 'KOCH', 'edits', 'test_sounds', 'FULL', 'card', 'louder_read') # the chapter's own functions

@pytest.fixture(scope='module')
def ours(): return AutoModelForCTC.from_pretrained(NAME).eval(), AutoProcessor.from_pretrained(NAME)

def english(n, seed):
    with gzip.open(DATA/'snippets.tsv.gz', 'rt', encoding='utf-8', newline='') as f: lines = [r[3].upper() for r in csv.reader(f, delimiter='\t', quoting=csv.QUOTE_NONE)][1:]
    found = sorted({' '.join(t.split()) for t in lines if set(t) <= {' ', *book['MORSE']}})
    return [found[i] for i in np.random.default_rng(seed).permutation(len(found))[:n]]

def read(model, processor, sounds):
    "Every sound by itself."
    with torch.inference_mode(): return [processor.decode(model(**processor(x, sampling_rate=book['RATE'], return_tensors='pt')).logits[0].argmax(-1)) for x in sounds]

@pytest.mark.parametrize('kind', ['random', 'english'])
@pytest.mark.parametrize('ranges', [{}, dict(snr=(5, 5), jitter=(.1, .1)), dict(wpm=(10, 10), snr=(5, 5)), dict(wpm=(30, 30)), dict(pitch=(400, 400)), dict(pitch=(1000, 1000))], ids=str)
def test_error_rate(ours, kind, ranges): # at most 2 %, on texts and noise of other seeds than the chapter's
    rng = np.random.default_rng(77)
    texts = english(20, 77) if kind == 'english' else [book['random_text'](rng, n=40) for _ in range(20)]
    heard = read(*ours, book['test_sounds'](texts, rng, **ranges))
    assert sum(map(book['edits'], texts, heard)) <= .02 * sum(map(len, texts))

def test_the_measure_can_fail(ours): # far beyond the promise, nothing is right
    texts = english(5, 1)
    heard = read(*ours, book['test_sounds'](texts, np.random.default_rng(1), wpm=(60, 60), snr=(-10, -10)))
    assert sum(map(book['edits'], texts, heard)) > .3 * sum(map(len, texts))
    assert book['edits']('MORSE', 'NURSE') == 2 and book['edits']('', 'AB') == 2

def test_every_character(ours):
    for c in book['MORSE']: # between words that tell the speed: dashes alone might as well be slow dots
        text = f'PARIS {c} {c}{c} PARIS'
        assert read(*ours, [book['morse'](text, snr=15)]) == [text], c

def test_a_batch_reads_as_each_alone(ours):
    model, processor = ours
    rng = np.random.default_rng(5)
    texts = ['SOS', 'HELLO, WORLD!', 'E', 'THE QUICK BROWN FOX 0123456789']
    sounds = book['test_sounds'](texts, rng)
    with torch.inference_mode(): logits = model(**processor(sounds, sampling_rate=book['RATE'], padding=True, return_tensors='pt')).logits
    assert processor.batch_decode(logits.argmax(-1)) == read(*ours, sounds) == texts

def test_size(): assert sum(f.stat().st_size for f in FOLDER.iterdir()) <= 1_500_000

def test_card_tells_what_was_measured():
    text, curve = (FOLDER/'README.md').read_text(encoding='utf-8'), json.loads((FOLDER/'training.json').read_text())
    assert '351,925 parameters' in text and curve['minutes'] <= 20 and curve['curve'][-1][0] >= 5000
    last = [c[-1][3] for c in (curve['curve'], curve['all at once']['curve'])] # the control: without a curriculum
    assert [float(v) / 100 for v in re.findall(r'([\d.]+)%', text.split('## Training')[1].split('## Measured')[0])] == last

def test_card_says_where_it_fails(ours):
    "In the chapter's words, and with figures that are measured again: two stations at once."
    numbers = dict(random=0., english=0.)
    book.update(ours=ours, model=ours[0], two_stations={10: 0., 20: 0.})
    made, shipped = book['card'](numbers, numbers), (FOLDER/'README.md').read_text(encoding='utf-8')
    words = [re.sub(r'\d+%', '%', t.split('## Where it fails')[1]) for t in (made, shipped)]
    assert words[0] == words[1]
    said = [int(p) / 100 for p in re.findall(r'(\d+)%', shipped.split('## Where it fails')[1])]
    assert len(said) == 2 and [abs(book['louder_read'](dB) - p) < .11 for dB, p in zip((20, 10), said)] == [True] * 2

def test_the_same_in_transformers(ours):
    theirs, processor = transformers.Wav2Vec2ForCTC.from_pretrained(FOLDER).eval(), transformers.Wav2Vec2Processor.from_pretrained(FOLDER)
    sound, _ = sf.read(FOLDER/'sample.flac', dtype='float32')
    with torch.inference_mode():
        a = theirs(**processor(sound, sampling_rate=4000, return_tensors='pt')).logits
        b = ours[0](**ours[1](sound, sampling_rate=4000, return_tensors='pt')).logits
    assert (a - b).abs().max() < 1e-3 * a.abs().max() and processor.batch_decode(a.argmax(-1)) == ['HELLO, WORLD!']
    old = run457('''import soundfile as sf, torch
from transformers import Wav2Vec2ForCTC, Wav2Vec2Processor
model, processor = Wav2Vec2ForCTC.from_pretrained(args[0]).eval(), Wav2Vec2Processor.from_pretrained(args[0])
x, _ = sf.read(args[0] + '/sample.flac', dtype='float32')
with torch.no_grad(): result = processor.batch_decode(model(**processor(x, sampling_rate=4000, return_tensors='pt')).logits.argmax(-1))''', str(FOLDER))
    assert old == ['HELLO, WORLD!']
