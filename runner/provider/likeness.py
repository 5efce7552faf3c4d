"""Which profile a server looks like, by how it speaks of a job that it cannot have: a guess, and told as one."""

from collections.abc import Mapping
from typing import Any, Final

from runner.provider.bodies import Reply

_AZURE: Final = ("apim-request-id", "x-ms-region")
_LITELLM: Final = ("x-litellm-", "llm_provider-")


def likeness(unknown: Reply, listed: Reply) -> tuple[str, str]:
    """The name of a profile and what speaks for it; both empty where nothing does.

    Args:
        unknown: the reply to a question about a job that does not exist.
        listed: the reply to a question for the list.
    """
    headers = {**listed.headers, **unknown.headers}
    if any(name.startswith(_LITELLM) for name in headers):
        return "litellm", "its headers name LiteLLM"
    if any(name in headers for name in _AZURE):
        return "azure", "its headers are Azure's"
    body = unknown.body if isinstance(unknown.body, Mapping) else {}
    if _is_task_error(body):
        return "new-api", "its errors are those of new-api"
    if isinstance(body.get("detail"), str):
        return _self_hosted(listed.body)
    error = body.get("error")
    if isinstance(error, Mapping) and error.get("type") == "invalid_request_error" and unknown.status == 404:
        return "openai", "its errors are OpenAI's"
    return "", ""


def _is_task_error(body: Mapping[str, Any]) -> bool:
    return isinstance(body.get("code"), str) and "message" in body and "error" not in body


def _self_hosted(page: Any) -> tuple[str, str]:
    """vLLM-Omni and SGLang say `detail`; the one's list has a cursor, the other's has none."""
    fields = page if isinstance(page, Mapping) else {}
    if "has_more" in fields:
        return "vllm-omni", "its errors have a `detail`, and its list has a cursor"
    if isinstance(fields.get("data"), list):
        return "sglang", "its errors have a `detail`, and its list has no cursor"
    return "", ""
