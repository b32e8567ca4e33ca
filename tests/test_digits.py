"vit-digits: as right and as small as its card says, here and in transformers."
import json, re

import numpy as np, pytest, torch, transformers
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from helpers import ROOT
from transformers_lite import AutoImageProcessor, AutoModelForImageClassification

NAME, FOLDER = 'transformers-lite/vit-digits', ROOT/'transformers_lite/checkpoints/vit-digits'

@pytest.fixture(scope='module')
def held_out():
    x, y = load_digits(return_X_y=True)
    _, test = train_test_split(np.arange(len(y)), test_size=.2, stratify=y, random_state=0)
    return (x[test].reshape(-1, 8, 8) * 255 / 16).round().astype(np.uint8), y[test]

@pytest.fixture(scope='module')
def ours(): return AutoModelForImageClassification.from_pretrained(NAME).eval(), AutoImageProcessor.from_pretrained(NAME)

def accuracy(model, processor, pictures, labels):
    with torch.inference_mode(): return (model(**processor(pictures, return_tensors='pt')).logits.argmax(-1).numpy() == labels).mean()

@pytest.mark.parametrize('how', ['as they are', 'inverted', 'enlarged', '16 bits'])
def test_accuracy(ours, held_out, how):
    x, y = held_out
    pictures = {'as they are': lambda a: Image.fromarray(a), 'inverted': lambda a: Image.fromarray(255 - a), '16 bits': lambda a: Image.fromarray(a.astype(np.uint16) * 257),
                'enlarged': lambda a: Image.fromarray(a).resize((96, 96), Image.Resampling.BICUBIC)}[how]
    assert len(y) == 360 and accuracy(*ours, [pictures(a) for a in x], y) >= .975

def test_the_measure_can_fail(ours, held_out): # digits lying on their side are not read
    x, y = held_out
    assert accuracy(*ours, [Image.fromarray(np.rot90(a)) for a in x], y) < .6

def test_size(): assert sum(f.stat().st_size for f in FOLDER.iterdir()) <= 1_000_000

def test_card_tells_what_was_measured(ours, held_out):
    x, y = held_out
    text, saved = (FOLDER/'README.md').read_text(encoding='utf-8'), json.loads((FOLDER/'training.json').read_text())
    said = float(re.search(r'\| vit-digits \| ([\d.]+) \|', text)[1])
    assert abs(said - accuracy(*ours, [Image.fromarray(a) for a in x], y)) < 1e-3 and saved['minutes'] <= 20
    control = saved['without bending']['held_out'] # the same training without what the page says is of use
    assert all(f'{v:.4f}' in text for v in control.values()) and control['bent'] < .7

def test_samples_were_held_out(held_out):
    files = sorted(FOLDER.glob('sample-*.png'))
    assert len(files) >= 2
    for f in files:
        found = [label for a, label in zip(*held_out) if np.array_equal(a, np.asarray(Image.open(f)))]
        assert found and str(found[0]) == f.stem.split('-')[1]

def test_the_same_in_transformers(ours, held_out):
    x, _ = held_out
    theirs, processor = transformers.ViTForImageClassification.from_pretrained(FOLDER).eval(), transformers.AutoImageProcessor.from_pretrained(FOLDER)
    pictures = [Image.fromarray(a).convert('RGB') for a in x[:32]]
    with torch.inference_mode(): a, b = theirs(**processor(pictures, return_tensors='pt')).logits, ours[0](**ours[1](pictures, return_tensors='pt')).logits
    assert (a - b).abs().max() < 1e-4 and theirs.config.id2label[3] == '3'
