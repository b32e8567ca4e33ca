"The image processor against transformers 5.x and 4.57.6, on pictures of every kind; the field notes' rows; bad input."
import inspect, io, sys

import numpy as np, pytest, torch, transformers
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

import transformers_lite, transformers_lite.messages
from helpers import ROOT, run457, run_python
from transformers_lite import AutoImageProcessor, AutoProcessor, ViTFeatureExtractor, ViTImageProcessor, ViTImageProcessorFast
from transformers_lite.image_processor import channels_axis

Theirs = next(getattr(transformers, n) for n in ('ViTImageProcessorPil', 'ViTImageProcessor') if hasattr(transformers, n))
rng = np.random.default_rng(0)
def picture(h=37, w=50): return np.random.default_rng(h * w).integers(0, 256, (h, w, 3), dtype=np.uint8)
def gap(a, b): return np.abs(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)).max()

SETTINGS = [dict(size={'height': 24, 'width': 24}), dict(size={'height': 8, 'width': 41}), dict(do_resize=False), dict(do_rescale=False), dict(do_normalize=False),
            dict(do_rescale=False, do_normalize=False), dict(rescale_factor=1 / 127.5, image_mean=[1., 1., 1.], image_std=[1., 1., 1.]),
            dict(image_mean=[.485, .456, .406], image_std=[.229, .224, .225]), *(dict(resample=int(f), size={'height': 19, 'width': 23}) for f in Image.Resampling)]

@pytest.mark.parametrize('kwargs', SETTINGS, ids=str)
@pytest.mark.parametrize('kind', ['PIL', 'last', 'first', 'tensor'])
def test_parity(kwargs, kind):
    x = picture()
    x = dict(PIL=Image.fromarray(x), last=x, first=x.transpose(2, 0, 1), tensor=torch.tensor(x).movedim(-1, 0))[kind]
    assert gap(Theirs(**kwargs)([x, x], return_tensors='np')['pixel_values'], ViTImageProcessor(**kwargs)([x, x], return_tensors='np')['pixel_values']) <= 1e-6
    assert gap(Theirs()(x, return_tensors='np', **kwargs)['pixel_values'], ViTImageProcessor()(x, return_tensors='np', **kwargs)['pixel_values']) <= 1e-6 # in the call

@settings(max_examples=40, deadline=None)
@given(st.integers(4, 60), st.integers(4, 60), st.integers(1, 40), st.integers(1, 40), st.sampled_from([*map(int, Image.Resampling)]))
def test_parity_on_any_size(h, w, h2, w2, resample):
    x, kwargs = Image.fromarray(picture(h, w)), dict(size={'height': h2, 'width': w2}, resample=resample)
    assert gap(Theirs(**kwargs)(x, return_tensors='np')['pixel_values'], ViTImageProcessor(**kwargs)(x, return_tensors='np')['pixel_values']) <= 1e-6

def test_negative_control(): # another filter, mean or order of colours shows
    x = Image.fromarray(picture())
    a = Theirs()(x, return_tensors='np')['pixel_values']
    for kwargs in dict(resample=3), dict(image_mean=[.51, .5, .5]): assert gap(a, ViTImageProcessor(**kwargs)(x, return_tensors='np')['pixel_values']) > 1e-3
    assert gap(a, ViTImageProcessor()(Image.fromarray(picture()[..., ::-1].copy()), return_tensors='np')['pixel_values']) > 1e-3

def test_457(tmp_path): # its numbers, and folders both ways
    x = picture()
    Image.fromarray(x).save(tmp_path/'x.png')
    many = [dict(size={'height': 24, 'width': 20}, resample=r) for r in (0, 1, 2, 3)] + SETTINGS[2:6]
    for i, kwargs in enumerate(many): ViTImageProcessor(**kwargs).save_pretrained(tmp_path/f'ours-{i}')
    ViTImageProcessor(resample='PIL.Image.BOX', size=12).save_pretrained(tmp_path/'ours-box')
    got = run457('''import numpy as np
from PIL import Image
from transformers import AutoImageProcessor, ViTImageProcessor
folder, many = args
x, result = Image.open(folder + '/x.png'), {}
for i, kwargs in enumerate(many):
    p = ViTImageProcessor(**kwargs)
    p.save_pretrained(f'{folder}/theirs-{i}')
    result[f'fresh-{i}'] = p(x, return_tensors='np')['pixel_values'].tolist()
    result[f'ours-{i}'] = ViTImageProcessor.from_pretrained(f'{folder}/ours-{i}')(x, return_tensors='np')['pixel_values'].tolist()
box = AutoImageProcessor.from_pretrained(folder + '/ours-box', use_fast=False)
result['box'] = box(x, return_tensors='np')['pixel_values'].tolist()''', str(tmp_path), many)
    for i, kwargs in enumerate(many):
        here = ViTImageProcessor(**kwargs)(tmp_path/'x.png', return_tensors='np')['pixel_values']
        again = ViTImageProcessor.from_pretrained(tmp_path/f'theirs-{i}')(x, return_tensors='np')['pixel_values']
        for there in got[f'fresh-{i}'], got[f'ours-{i}'], again: assert gap(here, there) <= 1e-6, kwargs
    assert gap(ViTImageProcessor(resample='PIL.Image.BOX', size=12)(x, return_tensors='np')['pixel_values'], got['box']) <= 1e-6

@pytest.mark.parametrize('kwargs', SETTINGS[:6], ids=str)
def test_folders_with_5(kwargs, tmp_path):
    x = picture()
    ViTImageProcessor(**kwargs).save_pretrained(tmp_path/'ours')
    Theirs(**kwargs).save_pretrained(tmp_path/'theirs')
    a = transformers.AutoImageProcessor.from_pretrained(tmp_path/'ours')(x, return_tensors='np')['pixel_values']
    b = ViTImageProcessor.from_pretrained(tmp_path/'theirs')(x, return_tensors='np')['pixel_values']
    assert gap(a, b) <= 1e-6

def test_old_files(tmp_path): # as written in 2022
    (tmp_path/'preprocessor_config.json').write_text('{"do_normalize": true, "do_resize": true, "feature_extractor_type": "ViTFeatureExtractor", "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "resample": 2, "size": 224}')
    assert ViTFeatureExtractor is ViTImageProcessor and ViTImageProcessor.from_pretrained(tmp_path) == ViTImageProcessor()

# field notes

def test_one_picture_in_seven_modes(): # row 6
    grey = Image.fromarray((np.indices((40, 30)).sum(0) % 7 < 3).astype(np.uint8) * 255)
    modes = {m: grey.convert(m) for m in ('RGB', 'L', 'RGBA', 'P', '1', 'LA')} | {'I;16': Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)}
    res = [ViTImageProcessor()(image, return_tensors='np')['pixel_values'] for image in modes.values()]
    assert [i.mode for i in modes.values()] == [*modes] and len(res) == 7 and all(np.array_equal(x, res[0]) for x in res)
    for x in np.asarray(grey), np.asarray(grey)[..., None], np.asarray(grey)[None], np.asarray(modes['RGBA']): assert np.array_equal(ViTImageProcessor()(x, return_tensors='np')['pixel_values'], res[0])

def test_sixteen_bits_from_a_file(tmp_path):
    x = (picture()[..., 0].astype(np.uint16) * 257)
    Image.fromarray(x).save(tmp_path/'deep.png')
    assert np.array_equal(ViTImageProcessor()(tmp_path/'deep.png', return_tensors='np')['pixel_values'], ViTImageProcessor()(picture()[..., 0], return_tensors='np')['pixel_values'])

def test_floats_warn(recwarn): # row 7
    transformers_lite.messages.warn_once.cache_clear()
    x = (picture() / 255).astype(np.float32)
    a = ViTImageProcessor()(x, return_tensors='np')['pixel_values']
    assert 'do_rescale=False' in str(recwarn.pop(UserWarning).message)
    assert gap(a, Theirs()(x, return_tensors='np')['pixel_values']) <= 1e-6 # their numbers all the same
    ViTImageProcessor()(x, do_rescale=False)
    assert not [w for w in recwarn if 'do_rescale' in str(w.message)]

@pytest.mark.parametrize('f', Image.Resampling)
def test_every_spelling_of_a_filter(f): # row 7
    res = [ViTImageProcessor(resample=r, size=9)(picture(), return_tensors='np')['pixel_values'] for r in (f, int(f), f.name, f.name.lower(), f'PIL.Image.{f.name}', f'Image.Resampling.{f.name}', f'PIL.Image.Resampling.{f.name}')]
    assert all(np.array_equal(x, res[0]) for x in res)

def test_exif(tmp_path): # a picture that lies on its side says so
    x = picture()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(x).save(tmp_path/'side.png', exif=exif)
    for source in tmp_path/'side.png', Image.open(tmp_path/'side.png'): assert np.array_equal(ViTImageProcessor(do_resize=False)(source)['pixel_values'][0], ViTImageProcessor(do_resize=False)(np.rot90(x, -1))['pixel_values'][0])

def test_ambiguous_colours(recwarn):
    transformers_lite.messages.warn_once.cache_clear()
    x = picture(3, 3)
    ViTImageProcessor()(x)
    assert 'first or last' in str(recwarn.pop(UserWarning).message)
    assert not np.array_equal(ViTImageProcessor()(x, input_data_format='channels_last')['pixel_values'][0], ViTImageProcessor()(x, input_data_format='channels_first')['pixel_values'][0])

@pytest.mark.parametrize('shape, axis', [((4, 8, 3), -1), ((4, 8, 1), -1), ((3, 8, 4), 0), ((1, 8, 4), 0), ((4, 8, 4), 0), ((3, 8, 1), 0)])
def test_four_rows_are_no_colours(shape, axis): # a picture that is 4 pixels high; it was taken for four planes, without a word
    transformers_lite.messages.warn_once.cache_clear()
    with pytest.warns(UserWarning, match=f"{('first', 'last')[axis]} is assumed"): assert channels_axis(np.zeros(shape)) == axis

# forms and laws

@pytest.mark.parametrize('cls', [ViTImageProcessor, ViTImageProcessorFast], ids=lambda c: c.__name__)
def test_forms(tmp_path, cls):
    x, p = picture(), cls(size=16)
    Image.fromarray(x).save(tmp_path/'x.png')
    data, want = (tmp_path/'x.png').read_bytes(), p(x, return_tensors='np')['pixel_values']
    for form in (str(tmp_path/'x.png'), tmp_path/'x.png', data, io.BytesIO(data), torch.tensor(x), x.astype(np.int32), x.tolist(), [Image.fromarray(x)], x[None], x.astype(np.uint16) * 257, x.astype(np.float64)):
        assert np.array_equal(p(form, return_tensors='np')['pixel_values'], want)
    assert isinstance(p(x, return_tensors='pt')['pixel_values'], torch.Tensor) and isinstance(p(x)['pixel_values'], list)
    assert p([x, x[:20]], return_tensors='np')['pixel_values'].shape == (2, 3, 16, 16)

@settings(max_examples=60, deadline=None)
@given(arrays(st.sampled_from([np.uint8, np.bool_, np.uint16, np.int64, np.float32]), st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=None))
def test_any_array_gives_numbers_or_a_reason(x):
    try: out = ViTImageProcessor(size=5)(x, return_tensors='np')['pixel_values']
    except ValueError as e: assert len(str(e)) > 20 and x.dtype.kind in 'if'
    else: assert out.shape == (1, 3, 5, 5) and np.isfinite(out).all()

BAD = [(np.zeros((0, 5, 3), np.uint8), {}, 'empty'), (np.full((4, 4, 3), np.nan), {}, 'finite'), (np.full((4, 4, 3), -1.), {}, '0 to 255'), (np.full((4, 4, 3), 300.5), {}, '0 to 255'),
       (np.zeros((7, 8, 9)), {}, 'channel dimension'), (np.zeros(5), {}, 'no picture'), (np.zeros((2, 2), object), {}, 'no picture'), ('nothing.png', {}, 'no picture'), (b'text', {}, 'be read as a picture'),
       ('https://example.com/x.png', {}, 'nothing is downloaded'), (None, {}, 'Invalid image type'), ({}, {}, 'Invalid image type'), ([], {}, 'no picture'), (3, {}, 'Invalid image type'), (Image.new('RGB', (0, 0)), {}, 'empty'),
       (picture(), dict(size=0), 'pixels'), (picture(), dict(size={'shortest_edge': 3}), 'pixels'), (picture(), dict(size='big'), 'pixels'), (picture(), dict(resample='foo'), 'filter'), (picture(), dict(resample=99), 'filter'),
       (picture(), dict(image_mean=[.5, .5]), '3 elements'), (picture(), dict(image_std=[0., 1, 1]), 'above 0'), (picture(), dict(image_std='x'), 'one for each colour'), (picture(), dict(image_mean=[.5], image_std=[.5]), 'no axis of 1 colours'), (np.zeros((1, 2, 3, 9, 9), np.uint8), {}, 'no picture'), (picture(), dict(do_resiz=None), "did you mean 'do_resize'"), (picture(), dict(do_pad=True), 'no argument'), (picture(), dict(rescale_factor='x'), 'number'),
       (picture(), dict(data_format='middle'), 'channels_first'), (picture(), dict(input_data_format='middle'), 'channels_first'), (picture(), dict(return_tensors='xx'), 'return_tensors'), (picture(), dict(do_resize='no'), 'True or False'),
       ([picture(), picture(5, 6)], dict(do_resize=False, return_tensors='np'), 'different sizes')]
@pytest.mark.parametrize('image,kwargs,words', BAD, ids=[w + str(i) for i, (_, _, w) in enumerate(BAD)])
def test_bad_input(image, kwargs, words):
    kind = TypeError if kwargs.keys() & {'do_resiz', 'do_pad'} else FileNotFoundError if isinstance(image, str) and image == 'nothing.png' else OSError if isinstance(image, bytes) else ValueError
    for cls in ViTImageProcessor, ViTImageProcessorFast:
        with pytest.raises(kind, match=words) as e: cls()(image, **kwargs)
        assert e.type is kind

@pytest.mark.parametrize('kwargs', [dict(do_resiz=False), dict(imagemean=.5), dict(size=-1), dict(resample='foo'), dict(image_std=0.), dict(image_mean=[1, 2])], ids=str)
def test_bad_settings(kwargs):
    with pytest.raises(ValueError): ViTImageProcessor(**kwargs)

def test_light(): assert run_python('import sys, numpy as np\nfrom transformers_lite import ViTImageProcessor\nViTImageProcessor()(np.zeros((9, 9, 3), np.uint8), return_tensors="np")\nprint("torch" in sys.modules)').strip() == 'False'

# settings by their types

class Cuts(transformers_lite.ImageProcessingMixin):
    "A reader's own processor: its types are all that it says about checks."
    def __init__(self, margin:transformers_lite.Count=8, colours:transformers_lite.Colours=None, why=None, **kwargs):
        self.margin, self.colours, self.why = margin, colours, why
        super().__init__(**kwargs)
    def validate(self):
        if self.margin == 13: raise ValueError('margin=13 brings no luck.')

@pytest.mark.parametrize('kwargs,words', [(dict(margin=0), 'margin=0, but it must be at least 1'), (dict(margin='8'), 'a whole number'), (dict(colours=[[1], 2]), 'one for each colour'),
    (dict(margin=13), 'no luck'), (dict(margn=3), "did you mean 'margin'")], ids=str)
def test_types_check_a_processor_of_ones_own(kwargs, words, tmp_path):
    with pytest.raises(ValueError, match=words): Cuts(**kwargs)
    if 'margn' in kwargs: return
    with pytest.raises(ValueError, match=words): Cuts.from_dict(kwargs)
    with pytest.raises(ValueError, match=words): Cuts.from_dict({}, **kwargs)
    p = Cuts()
    vars(p).update(kwargs)
    with pytest.raises(ValueError, match=words): p.save_pretrained(tmp_path)
    assert not [*tmp_path.iterdir()] and Cuts(margin=3, colours=.5, why=object).margin == 3 # what has no type may be anything

def test_a_constructor_is_read_once(monkeypatch):
    seen = []
    signature = inspect.signature
    monkeypatch.setattr(inspect, 'signature', lambda f, **kw: seen.append(f) or signature(f, **kw))
    class Fresh(ViTImageProcessor):
        def __init__(self, size=8, **kwargs): super().__init__(size=size, **kwargs)
    for _ in range(5): Fresh(size=8).to_dict()
    assert 0 < len(seen) == len({*seen}) < 9 # its constructor and its parents'

def test_both_files_of_settings(tmp_path): # the outer one counts, and a save mends it
    Cuts(margin=3).save_pretrained(tmp_path)
    (tmp_path/'processor_config.json').write_text('{"image_processor": {"margin": 5}, "other": {"a": 1}}')
    p = Cuts.from_pretrained(tmp_path)
    p.save_pretrained(tmp_path)
    assert p.margin == 5 and transformers_lite.read_json(tmp_path/'processor_config.json')['image_processor']['margin'] == 5
    assert transformers_lite.read_json(tmp_path/'preprocessor_config.json')['margin'] == 5

# the fast one

def steps(cls, x, **kwargs): return cls(do_rescale=False, do_normalize=False, **kwargs)(x, return_tensors='np')['pixel_values'].astype(int)

@settings(max_examples=60, deadline=None)
@given(st.integers(2, 90), st.integers(2, 90), st.integers(1, 60), st.integers(1, 60), st.sampled_from(Image.Resampling), st.booleans())
def test_fast_is_within_one_step(h, w, h2, w2, resample, opened):
    x = picture(h, w)
    x, kwargs = Image.fromarray(x) if opened else torch.tensor(x), dict(size={'height': h2, 'width': w2}, resample=resample, input_data_format='channels_last')
    a, b = (cls(do_rescale=False, do_normalize=False)(x, return_tensors='np', **kwargs)['pixel_values'].astype(int) for cls in (ViTImageProcessor, ViTImageProcessorFast))
    gap = abs(a - b)
    if resample == 2: assert gap.max() <= 2 and (gap > 1).mean() < 1e-3 # one value in ten million is off by two
    elif resample == 3: assert gap.mean() < 1 # what is cut off between the passes depends on their order, and Pillow's differs
    else: assert gap.max() == 0 # Pillow's

@pytest.mark.parametrize('photo', ['china.jpg', 'flower.jpg'])
@pytest.mark.parametrize('resample', [2, 3])
def test_fast_on_a_photograph(photo, resample):
    from sklearn.datasets import load_sample_image
    gap = abs(np.subtract(*[steps(c, load_sample_image(photo), resample=resample) for c in (ViTImageProcessor, ViTImageProcessorFast)]))
    assert (gap > 1).mean() < 1e-4 and 0 < gap.max() <= (1 if resample == 2 else 8)

def test_fast_negative_control(): # it isn't Pillow's result, and another filter is far off
    x, size = recorded().picture(1, 480, 640), dict(size={'height': 48, 'width': 64})
    assert (steps(ViTImageProcessor, x, **size) != steps(ViTImageProcessorFast, x, **size)).any()
    assert abs(steps(ViTImageProcessor, x, **size) - steps(ViTImageProcessorFast, x, resample=3, **size)).max() > 4

def test_fast_elsewhere(): # on a processor without AVX2, to a picture of one column too, which torch mixes up
    code = """import numpy as np, torch
from transformers_lite import ViTImageProcessor, ViTImageProcessorFast
x = np.random.default_rng(0).integers(0, 256, (26, 40, 3), dtype=np.uint8)
for size in (19, 1), (19, 30):
    a, b = (c(size=size, do_rescale=False, do_normalize=False)(x, return_tensors='np')['pixel_values'].astype(int) for c in (ViTImageProcessor, ViTImageProcessorFast))
    assert abs(a - b).max() <= 1, (size, abs(a - b).max())
print(torch.backends.cpu.get_cpu_capability())"""
    assert run_python(code, ATEN_CPU_CAPABILITY='default').split()[-1] not in ('AVX2', 'AVX512')

def recorded():
    sys.path.insert(0, str(ROOT/'tests'/'data'))
    import torchvision_pictures
    return torchvision_pictures

@pytest.mark.parametrize('resample', [2, 3])
def test_fast_is_within_one_step_of_torchvision(resample): # as recorded: the file says how
    made, stored = recorded(), np.load(ROOT/'tests/data/torchvision_pictures.npz')
    assert 'torchvision 0.29.1' in stored['releases'][1]
    for seed, h, w, H, W in made.CASES:
        x, kwargs = made.picture(seed, h, w), dict(size={'height': H, 'width': W}, resample=resample)
        for cls in [ViTImageProcessorFast, ViTImageProcessor][:4 - resample]: assert abs(steps(cls, x, **kwargs)[0] - stored[f'{seed} {resample}']).max() <= 1 # Pillow's bicubic differs more
        assert abs(steps(ViTImageProcessorFast, x, size=kwargs['size'], resample=5 - resample)[0] - stored[f'{seed} {resample}']).max() > 1
    whole = ViTImageProcessorFast(size=32)(made.picture(*made.CASES[0][:3]), return_tensors='np')['pixel_values'][0]
    assert gap(whole, stored['whole']) <= 1 / 127.5 + 1e-6

@pytest.mark.parametrize('kwargs', SETTINGS, ids=str)
def test_a_batch_at_once(kwargs): # as on a GPU, but here
    p, x = ViTImageProcessorFast(**kwargs), picture()
    names = 'do_resize', 'size', 'resample', 'do_rescale', 'rescale_factor', 'do_normalize', 'image_mean', 'image_std'
    recipe, want = p.recipe(dict.fromkeys(names)), p([x, Image.fromarray(x)], return_tensors='pt')['pixel_values']
    for batch in [x, Image.fromarray(x)], [torch.tensor(x), x.transpose(2, 0, 1)]: assert gap(recipe.on(batch, 'cpu'), want) <= 1e-6 * 255
    ragged = recipe.on([x, x[:20]], 'cpu')
    assert len(ragged) == 2 and gap(ragged[0], want[0]) <= 1e-6 * 255

def test_on_a_device_that_holds_no_numbers(): # the way is chosen by the device, and what is there stays there
    x, p = picture(), ViTImageProcessorFast(size=8)
    for batch in [x, Image.fromarray(x)], torch.tensor(np.stack([x, x])).to('meta'), torch.rand(2, 3, 9, 9).to('meta'):
        out = p(batch, return_tensors='pt', device='meta')['pixel_values']
        assert out.device.type == 'meta' and out.shape == (2, 3, 8, 8) and out.dtype == torch.float32
    assert p(torch.rand(2, 3, 9, 9).to('meta'), return_tensors='pt', data_format='channels_last')['pixel_values'].shape == (2, 8, 8, 3)
    assert [t.device.type for t in p(torch.tensor(x).to('meta'))['pixel_values']] == ['meta'] and p(x, do_rescale=False, do_normalize=False, device='meta')['pixel_values'][0].dtype == torch.uint8
    assert p(x, return_tensors='pt')['pixel_values'].device.type == 'cpu'
    with pytest.raises(ValueError, match='channel dimension'): p(torch.zeros(7, 8, 9, device='meta'))

def test_floats_are_rounded_to_steps(): # what a GPU does, which resizes floats only
    from transformers_lite.image_processor import resize_tensor
    class Elsewhere(torch.Tensor): device = torch.device('meta')
    x = torch.tensor(picture(90, 80)).permute(2, 0, 1)[None]
    for mode in 'bilinear', 'bicubic':
        a, b = resize_tensor(x, (31, 40), mode), resize_tensor(x.as_subclass(Elsewhere), (31, 40), mode)
        assert a.dtype == b.dtype == torch.uint8 and 0 <= (a.int() - b.as_subclass(torch.Tensor).int()).abs().max() <= 1

def test_which_class_opens(tmp_path):
    for cls in ViTImageProcessor, ViTImageProcessorFast:
        cls(size=9).save_pretrained(folder := tmp_path/cls.__name__)
        assert transformers_lite.read_json(folder/'preprocessor_config.json')['image_processor_type'] == cls.__name__
        for auto in AutoImageProcessor, AutoProcessor:
            assert type(auto.from_pretrained(folder)) is cls
            for fast in (dict(use_fast=True), dict(backend='torchvision'), dict(use_fast=False, backend='torchvision')): assert type(auto.from_pretrained(folder, **fast)) is ViTImageProcessorFast
            for slow in (dict(use_fast=False), dict(backend='pil'), dict(use_fast=True, backend='pil')): assert type(auto.from_pretrained(folder, **slow)) is ViTImageProcessor
        assert type(cls.from_pretrained(folder)) is cls
        theirs = transformers.AutoImageProcessor.from_pretrained(folder) # without torchvision it resizes by Pillow
        assert gap(theirs(picture(), return_tensors='np')['pixel_values'], cls(size=9)(picture(), return_tensors='np')['pixel_values']) <= 1 / 127 + 1e-6
    with pytest.raises(ValueError, match="backend='torchvison', but it must be 'torchvision' or 'pil'"): AutoImageProcessor.from_pretrained(folder, backend='torchvison')
    assert type(transformers_lite.pipeline('image-classification').image_processor) is ViTImageProcessor # `use_fast` of a pipeline is for its tokenizer

def test_fast_is_light(): # torch comes with the first call
    assert run_python('import sys, numpy as np\nfrom transformers_lite import ViTImageProcessorFast\np = ViTImageProcessorFast()\nrepr(p)\nprint("torch" in sys.modules)\np(np.zeros((9, 9, 3), np.uint8))\nprint("torch" in sys.modules)').split() == ['False', 'True']
    out = ViTImageProcessorFast()([picture(), picture(5, 6)])['pixel_values']
    assert all(isinstance(x, torch.Tensor) for x in out) and isinstance(ViTImageProcessorFast()(picture(), return_tensors='np')['pixel_values'], np.ndarray)

def test_a_size_beyond_any_picture(monkeypatch): # a preprocessor_config.json of a few bytes would fill the memory
    picture = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match='more pixels than Pillow thinks safe'): ViTImageProcessor(size=10**6)(picture)
    monkeypatch.setattr('PIL.Image.MAX_IMAGE_PIXELS', 100)
    with pytest.raises(ValueError, match=r'MAX_IMAGE_PIXELS'): ViTImageProcessor(size=15)(picture)
    assert ViTImageProcessor(size=14)(picture)
    monkeypatch.setattr('PIL.Image.MAX_IMAGE_PIXELS', None)
    assert ViTImageProcessor(size=15)(picture)
