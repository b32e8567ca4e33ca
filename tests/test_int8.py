"Whole numbers of 8 bits in the Morse model; the chapter measures the other two checkpoints."
import copy, logging

import numpy as np, torch

from helpers import cells_of
from transformers_lite import AutoModelForCTC, AutoProcessor

def test_morse_within_half_a_point():
    logging.disable(logging.WARNING)
    from torchao.quantization import Int8DynamicActivationInt8WeightConfig, quantize_
    logging.disable(logging.NOTSET)
    book, name = cells_of('13_morse', 'MORSE', 'RATE', 'KOCH', 'edits', 'test_sounds'), 'transformers-lite/wav2vec2-morse'
    model, processor = AutoModelForCTC.from_pretrained(name), AutoProcessor.from_pretrained(name)
    small = copy.deepcopy(model)
    quantize_(small, Int8DynamicActivationInt8WeightConfig())
    assert 'Int8' in type(small.wav2vec2.encoder.layers[0].attention.q_proj.weight).__name__
    rng = np.random.default_rng(3)
    texts = [book['random_text'](rng, n=40) for _ in range(30)]
    sounds = book['test_sounds'](texts, rng)
    def errors(m):
        with torch.inference_mode(): heard = [processor.decode(m(**processor(x, sampling_rate=book['RATE'], return_tensors='pt')).logits[0].argmax(-1)) for x in sounds]
        return sum(map(book['edits'], texts, heard)) / sum(map(len, texts))
    assert errors(small) <= errors(model) + .005
