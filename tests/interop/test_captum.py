"captum reads our models: which words made the verdict, and whom the heads look at."
import pytest, torch
from captum.attr import IntegratedGradients, LayerIntegratedGradients, visualization

from transformers_lite import AutoImageProcessor, AutoModelForImageClassification, cached_file

TEXTS = ['a warm, funny and clever film', 'two hours of my life that i will never get back', 'not bad at all']

@pytest.mark.parametrize('text', TEXTS)
def test_integrated_gradients(tokenizer, model, text):
    batch = tokenizer(text, return_tensors='pt')
    blank = torch.where(torch.tensor(tokenizer.get_special_tokens_mask(batch.input_ids[0].tolist(), already_has_special_tokens=True)).bool(), batch.input_ids, tokenizer.mask_token_id)
    def score(ids): return model(ids).logits[:, 1]
    shares, delta = LayerIntegratedGradients(score, model.distilbert.embeddings).attribute(batch.input_ids, blank, n_steps=200, return_convergence_delta=True)
    gain = (score(batch.input_ids) - score(blank)).item()
    assert abs(gain) > 0.2 and abs(shares.sum().item() - gain) < 0.02 * abs(gain) # completeness (Sundararajan et al., 2017)
    by_word = shares.sum(-1)[0]
    assert abs(by_word[0]) < 1e-3 < by_word.abs().max() # [CLS] is the same in both

def test_pixels(): # the same for a picture: which pixels made it a 7, beside a black one
    name = 'transformers-lite/vit-digits'
    model, processor = AutoModelForImageClassification.from_pretrained(name), AutoImageProcessor.from_pretrained(name)
    seven = processor(cached_file(name, 'sample-7.png'), return_tensors='pt').pixel_values
    black = torch.full_like(seven, seven.min())
    def score(pixels): return model(pixels).logits[:, 7]
    shares = IntegratedGradients(score).attribute(seven, black, n_steps=100)
    gain = (score(seven) - score(black)).item()
    assert gain > 1 and abs(shares.sum().item() - gain) < 0.02 * gain
    assert not shares[seven == black].any() # what is black in both explains nothing

def test_attentions(tokenizer, model):
    batch = tokenizer(TEXTS, padding=True, return_tensors='pt')
    attentions = model(**batch, output_attentions=True).attentions
    assert len(attentions) == model.config.n_layers
    for a in attentions:
        assert a.shape == (len(TEXTS), model.config.n_heads, *[batch.input_ids.shape[1]] * 2)
        torch.testing.assert_close(a.sum(-1)[batch.attention_mask.bool()[:, None].expand(a.shape[:3])], torch.ones(int(batch.attention_mask.sum()) * a.shape[1]))
        assert not a.masked_select(~batch.attention_mask.bool()[:, None, None]).any() # nobody looks at padding

def test_words_in_colour(tokenizer, model): # captum's picture of a sentence, from whom [CLS] looks at in the last layer
    batch = tokenizer(TEXTS[2], return_tensors='pt')
    out = model(**batch, output_attentions=True)
    looks = out.attentions[-1][0].mean(0)[0].detach()
    share = out.logits.softmax(-1)[0, 1].item()
    page = visualization.visualize_text([visualization.VisualizationDataRecord(looks / looks.max(), share, 'positive', 'negative', 'attention', looks.sum(), batch.tokens(), 0.)]).data
    assert f'({share:.2f})' in page and page.count('<mark') == len(batch.tokens()) and all(f'> {t} ' in page for t in batch.tokens()[1:-1])
