"""torchvision_pictures.npz: pictures made from seeds, resized by transformers 5.23.0's ViTImageProcessor with torchvision 0.29.1, torch 2.14.1, Pillow 13.0.0 and numpy 2.4.6,
which can't stand beside the releases in constraints.txt. In an environment that has these: `python tests/data/torchvision_pictures.py` writes it again."""
import numpy as np

CASES = [(1, 480, 640, 48, 64), (2, 97, 61, 40, 40), (3, 24, 30, 50, 44), (4, 300, 200, 20, 33)] # seed, height and width, before and after

def picture(seed, h, w):
    "Waves, noise and bright specks."
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:h, :w] / 16
    waves = np.stack([np.sin(x * a + y * b) for a, b in rng.uniform(-1, 1, (3, 2))], -1) * 100 + 128
    noise = rng.integers(-40, 41, (h, w, 3)) + 80 * (rng.random((h, w, 1)) > .9)
    return np.clip(waves + noise, 0, 255).astype(np.uint8)

if __name__ == '__main__':
    import PIL, torch, torchvision, transformers
    def made(x, **kwargs):
        p = transformers.ViTImageProcessor(**kwargs)
        assert p.backend == 'torchvision'
        return p(x, return_tensors='pt')['pixel_values'][0].numpy()
    out = {f'{seed} {r}': made(picture(seed, h, w), size={'height': H, 'width': W}, resample=r, do_rescale=False, do_normalize=False) for seed, h, w, H, W in CASES for r in (2, 3)}
    out['whole'] = made(picture(*CASES[0][:3]), size={'height': 32, 'width': 32})
    out['releases'] = np.array([f'{m.__name__} {m.__version__}' for m in (transformers, torchvision, torch, PIL, np)])
    np.savez_compressed(__file__.replace('.py', '.npz'), **out)
