"A tokenizer, a trained model, a small fresh one and labelled sentences: what we show to the other libraries."
import os, random, sys

import pytest, torch
from helpers import FOUR

from transformers_lite import AutoModelForSequenceClassification, AutoTokenizer, DistilBertConfig

if FOUR:
    sys.modules['datasets'] = None # it wants a newer huggingface_hub than transformers 4.57 takes

NAME = 'transformers-lite/distilbert-sentiment'

@pytest.fixture(autouse=True)
def seed():
    random.seed(0)
    torch.manual_seed(0)
    yield
    os.environ.pop('ACCELERATE_MIXED_PRECISION', None) # where a test asked Trainer for bfloat16, the next would have it, too
    if state := sys.modules.get('accelerate.state'): state.AcceleratorState._reset_state(True)

@pytest.fixture
def tokenizer(): return AutoTokenizer.from_pretrained(NAME)

@pytest.fixture
def model(): return AutoModelForSequenceClassification.from_pretrained(NAME)

@pytest.fixture
def config(tokenizer): # small, and without dropout, so that two runs can be compared
    return DistilBertConfig(vocab_size=len(tokenizer), dim=24, hidden_dim=36, n_layers=2, n_heads=2, max_position_embeddings=32, initializer_range=0.1, dropout=0., attention_dropout=0., seq_classif_dropout=0.)

@pytest.fixture
def reviews(): # [(text, label)]: 64 in an order in which labels alternate
    good, bad = 'warm funny clever fine lovely bright great fresh'.split(), 'cold dull stupid poor boring dark awful stale'.split()
    return [(f'a {word} {thing}', label) for thing in ('film', 'book', 'song', 'long and winding story') for pair in zip(bad, good) for label, word in enumerate(pair)]
