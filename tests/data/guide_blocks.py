# The code of the guide "Create a custom architecture", Configuration to Tokenizer, for PyTorch; `# %%` stands between its blocks.

# %%
from transformers_lite import DistilBertConfig
config = DistilBertConfig()
print(config)

# %%
my_config = DistilBertConfig(activation="relu", attention_dropout=0.4)
print(my_config)

# %%
my_config = DistilBertConfig.from_pretrained("distilbert/distilbert-base-uncased", activation="relu", attention_dropout=0.4)

# %%
my_config.save_pretrained(save_directory="./your_model_save_path")

# %%
my_config = DistilBertConfig.from_pretrained("./your_model_save_path/config.json")

# %%
from transformers_lite import DistilBertModel
my_config = DistilBertConfig.from_pretrained("./your_model_save_path/config.json")
model = DistilBertModel(my_config)

# %%
model = DistilBertModel.from_pretrained("distilbert/distilbert-base-uncased")

# %%
model = DistilBertModel.from_pretrained("distilbert/distilbert-base-uncased", config=my_config)

# %%
from transformers_lite import DistilBertForSequenceClassification
model = DistilBertForSequenceClassification.from_pretrained("distilbert/distilbert-base-uncased")

# %%
from transformers_lite import DistilBertForQuestionAnswering
model = DistilBertForQuestionAnswering.from_pretrained("distilbert/distilbert-base-uncased")

# %%
from transformers_lite import DistilBertTokenizer
my_tokenizer = DistilBertTokenizer(vocab_file="my_vocab_file.txt", do_lower_case=False, padding_side="left")

# %%
from transformers_lite import DistilBertTokenizer
slow_tokenizer = DistilBertTokenizer.from_pretrained("distilbert/distilbert-base-uncased")

# %%
from transformers_lite import DistilBertTokenizerFast
fast_tokenizer = DistilBertTokenizerFast.from_pretrained("distilbert/distilbert-base-uncased")
