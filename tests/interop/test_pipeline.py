"transformers' pipelines take our models, tokenizers and processors, and give the scores of a direct call."
import numpy as np, pytest, torch
from transformers import pipeline

from transformers_lite import (AutoImageProcessor, AutoModelForCTC, AutoModelForImageClassification, AutoProcessor, DistilBertForMaskedLM, DistilBertForTokenClassification,
                               DistilBertModel, Wav2Vec2ForSequenceClassification, cached_file, load_audio)

TEXTS = ['A warm, funny and clever film.', 'Two hours of my life that I will never get back.', 'Not bad.']

@pytest.mark.parametrize('batch_size', [1, 3])
def test_text_classification(tokenizer, model, batch_size):
    classify = pipeline('text-classification', model=model, tokenizer=tokenizer)
    direct = model(**tokenizer(TEXTS, padding=True, return_tensors='pt')).logits.softmax(-1)
    found = classify(TEXTS, top_k=None, batch_size=batch_size)
    np.testing.assert_allclose([[{o['label']: o['score'] for o in row}[name] for name in model.config.label2id] for row in found], direct.detach(), atol=1e-5)
    assert [o['label'] for o in classify(TEXTS[:2])] == ['positive', 'negative']

def test_token_classification(tokenizer, config):
    config.id2label = {0: 'O', 1: 'B-PER', 2: 'I-PER'}
    tagger = DistilBertForTokenClassification(config).eval()
    with torch.no_grad(): tagger.classifier.weight.normal_(std=2) # a fresh head is undecided
    text = 'Ana met Ravi in a café.'
    found = pipeline('token-classification', model=tagger, tokenizer=tokenizer, ignore_labels=[])(text)
    batch = tokenizer(text, return_tensors='pt')
    direct = tagger(**batch).logits[0].softmax(-1)[1:-1] # without [CLS] and [SEP]
    np.testing.assert_allclose([o['score'] for o in found], direct.max(-1).values.detach(), atol=1e-5)
    assert [o['entity'] for o in found] == [config.id2label[i] for i in direct.argmax(-1).tolist()] and len({o['entity'] for o in found}) > 1
    assert [(o['start'], o['end']) for o in found] == [tuple(batch.token_to_chars(i)) for i in range(1, len(found) + 1)]
    groups = pipeline('token-classification', model=tagger, tokenizer=tokenizer, ignore_labels=[], aggregation_strategy='first')(text)
    assert all(text[o['start']:o['end']].lower().replace('é', 'e') == o['word'].replace(' .', '.') for o in groups) and groups[-1]['end'] == len(text)

def test_fill_mask(tokenizer, config):
    model = DistilBertForMaskedLM(config).eval()
    text = f'a warm {tokenizer.mask_token}.'
    found = pipeline('fill-mask', model=model, tokenizer=tokenizer, top_k=3)(text)
    batch = tokenizer(text, return_tensors='pt')
    direct = model(**batch).logits[0, batch.input_ids[0].tolist().index(tokenizer.mask_token_id)].softmax(-1).topk(3)
    assert [o['token'] for o in found] == direct.indices.tolist()
    np.testing.assert_allclose([o['score'] for o in found], direct.values.detach(), rtol=1e-4)

def test_feature_extraction(tokenizer, config): # it asks for the first output by number, so let the model return a tuple
    batch = tokenizer(TEXTS[0], return_tensors='pt')
    model = DistilBertModel(config).eval()
    direct = model(**batch).last_hidden_state.detach()
    with pytest.raises(KeyError): pipeline('feature-extraction', model=model, tokenizer=tokenizer)(TEXTS[0])
    model.config.return_dict = False
    np.testing.assert_allclose(pipeline('feature-extraction', model=model, tokenizer=tokenizer)(TEXTS[0]), direct, atol=1e-5)

def test_image_classification():
    name = 'transformers-lite/vit-digits'
    model, processor = AutoModelForImageClassification.from_pretrained(name), AutoImageProcessor.from_pretrained(name)
    files = [str(cached_file(name, f'sample-{n}.png')) for n in (3, 6, 7)]
    found = pipeline('image-classification', model=model, image_processor=processor)(files, top_k=10)
    direct = model(**processor(files, return_tensors='pt')).logits.softmax(-1)
    np.testing.assert_allclose([[{o['label']: o['score'] for o in row}[str(n)] for n in range(10)] for row in found], direct.detach(), atol=1e-5)
    assert [row[0]['label'] for row in found] == ['3', '6', '7']

@pytest.fixture
def listen():
    name = 'transformers-lite/wav2vec2-morse'
    processor, model = AutoProcessor.from_pretrained(name), AutoModelForCTC.from_pretrained(name)
    sound = load_audio(cached_file(name, 'sample.flac'), sampling_rate=4000)
    return pipeline('automatic-speech-recognition', model=model, tokenizer=processor.tokenizer, feature_extractor=processor.feature_extractor), processor, model, sound

def test_speech_recognition(listen):
    hear, processor, model, sound = listen
    frames = model(**processor(sound, sampling_rate=4000, return_tensors='pt')).logits.argmax(-1)
    assert [hear(sound)['text']] == processor.batch_decode(frames) == ['HELLO, WORLD!']
    assert hear(sound[:len(sound)//2])['text'] != 'HELLO, WORLD!'

def test_times_of_characters_and_words(listen):
    hear, processor, model, sound = listen
    frames = model(**processor(sound, sampling_rate=4000, return_tensors='pt')).logits[0].argmax(-1)
    seconds = model.config.inputs_to_logits_ratio / 4000
    direct = processor.tokenizer.decode(frames, output_char_offsets=True, output_word_offsets=True, seconds_per_frame=seconds)
    for kind, offsets in dict(char=direct.char_offsets, word=direct.word_offsets).items():
        chunks = hear(sound, return_timestamps=kind)['chunks']
        assert [c['text'] for c in chunks] == [o[kind] for o in offsets] and len(chunks) > 1
        np.testing.assert_allclose([c['timestamp'] for c in chunks], [(o['start_time'], o['end_time']) for o in offsets], atol=1e-4)

def test_question_answering_is_gone(): # from transformers 5, for every model
    with pytest.raises(KeyError, match='question-answering has been removed'): pipeline('question-answering')

def test_audio_classification_does_not_work(listen): # it makes a plain dict of an output that isn't of transformers' class, and then asks it for `.logits`
    _, processor, listener, sound = listen
    model = Wav2Vec2ForSequenceClassification(listener.config).eval()
    assert model(**processor(sound, sampling_rate=4000, return_tensors='pt')).logits.shape == (1, model.config.num_labels) # a direct call does
    with pytest.raises(AttributeError, match="'dict' object has no attribute 'logits'"): pipeline('audio-classification', model=model, feature_extractor=processor.feature_extractor)(sound)
