"""What the checks of good input cost: each call with its checks and with them taken out, in turn,
as the ratio of medians. Run it on an idle machine."""
import statistics, tempfile, time
from contextlib import ExitStack
from unittest.mock import patch

import numpy as np, torch
from transformers_lite import (
    DistilBertConfig, DistilBertModel, ViTConfig, ViTImageProcessor,
    ViTModel, Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model)
from transformers_lite import checkpoint, feature_extractor, files, model, pretrained, wav2vec2

torch.set_num_threads(2)
torch.set_grad_enabled(False)

def compare(name, f, *without, n=40):
    """Print how much longer `f` takes than with the functions of `without` replaced. Each of these
    is (module or class, name, what to do instead)."""
    times = {True: [], False: []}
    for i in range(2 * n + 4):
        checked = i % 2 == 0
        with ExitStack() as s:
            for owner, attr, new in [] if checked else without:
                s.enter_context(patch.object(owner, attr, new))
            start = time.perf_counter()
            f()
            if i >= 4: times[checked].append(time.perf_counter() - start)
    a, b = (statistics.median(times[k]) for k in (True, False))
    print(f'{name:58}{1000 * a:9.2f} ms with  {1000 * b:9.2f} without  {100 * (a / b - 1):+6.2f} %')

true, nothing = lambda *a, **k: True, lambda *a, **k: None
finite = [(model, 'all_finite', true)]
bert, small = (
    DistilBertModel(DistilBertConfig()).eval(),
    DistilBertModel(DistilBertConfig(n_layers=2, dim=128, n_heads=2, hidden_dim=256)).eval())
shape = (model.PreTrainedModel, 'check_inputs', nothing)
for m, size in (bert, 'base'), (small, 'small'):
    for b, n in (1, 8), (16, 128):
        ids = torch.randint(5, 3000, (b, n))
        compare(f'DistilBERT {size}, {b} texts of {n} tokens', lambda: m(ids), *finite, shape,
                n=200 if b == 1 else 15)
v = ViTModel(ViTConfig()).eval()
x = torch.randn(2, 3, 224, 224)
compare('ViT base, 2 pictures', lambda: v(x), *finite, n=15)
w, sound = Wav2Vec2Model(Wav2Vec2Config()).eval(), torch.randn(1, 16000)
compare('wav2vec 2.0 base, 1 s', lambda: w(sound), *finite,
        (wav2vec2.Wav2Vec2PreTrainedModel, 'check_sound', nothing), n=15)
clips = [np.random.randn(16000 * k).astype(np.float32) for k in range(1, 11)]
fe = Wav2Vec2FeatureExtractor()
compare('wav2vec 2.0 feature extractor, 10 clips of 1 to 10 s',
        lambda: fe(clips, sampling_rate=16000),
        (feature_extractor, 'check_clip', lambda x, i=0, values=True: x),
        (feature_extractor, 'check_normalized', nothing), n=200)
ip, pictures = (ViTImageProcessor(),
                [np.random.randint(0, 256, (480, 640, 3), dtype=np.uint8) for _ in range(8)])
compare('ViT image processor, 8 pictures of 640 x 480', lambda: ip(pictures),
        (pretrained.ChecksTypes, 'check_types', nothing), n=60)
with tempfile.TemporaryDirectory() as d:
    bert.save_pretrained(d)
    compare('from_pretrained, 66 M weights', lambda: DistilBertModel.from_pretrained(d),
            (checkpoint, 'spoilt', lambda w: []), (files, 'settle', nothing), n=60)
