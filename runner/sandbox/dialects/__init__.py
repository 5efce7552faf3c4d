"""Every dialect by name."""

from typing import Final

from runner.sandbox.dialect import Dialect
from runner.sandbox.dialects.azure import Azure
from runner.sandbox.dialects.litellm import LiteLlm
from runner.sandbox.dialects.new_api import NewApi
from runner.sandbox.dialects.openai import OpenAi
from runner.sandbox.dialects.sglang import SgLang
from runner.sandbox.dialects.vllm_omni import VllmOmni

DIALECTS: Final = {each.name: each for each in (Dialect, OpenAi, Azure, NewApi, LiteLlm, VllmOmni, SgLang)}
