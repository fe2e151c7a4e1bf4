"""Ray's own way to the same rows: one task for each CPU of the cluster, each with the asynchronous openai client and its share of
the calls in flight. Reads `go` from standard input, and prints what it has to tell as lines of JSON."""

import asyncio
import json
import sys

import ray


@ray.remote(num_cpus=1)
def label(texts: list[str], task: dict, concurrency: int) -> int:
    from openai import AsyncOpenAI

    response_format = {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": task["outputSchema"]},
    }

    async def run() -> int:
        answered = 0
        rows = iter(texts)
        async with AsyncOpenAI(base_url=task["baseUrl"], api_key="none", max_retries=2) as client:

            async def work() -> None:
                nonlocal answered
                for text in rows:
                    answer = await client.chat.completions.create(
                        model="stub",
                        messages=[
                            {"role": "system", "content": task["instructions"]},
                            {"role": "user", "content": text},
                        ],
                        response_format=response_format,
                    )
                    if json.loads(answer.choices[0].message.content)["label"]:
                        answered += 1

            await asyncio.gather(*(work() for _ in range(concurrency)))
        return answered

    return asyncio.run(run())


def tell(**message: object) -> None:
    print(json.dumps(message), flush=True)


def main() -> None:
    task = json.loads(sys.argv[1])
    ray.init(address=sys.argv[2], log_to_driver=False, configure_logging=False)
    workers = int(ray.cluster_resources()["CPU"])
    with open(task["rowsFile"]) as file:
        texts = [json.loads(line)["text"] for _, line in zip(range(task["rows"]), file)]

    def run(of: list[str]) -> int:
        concurrency = task["concurrency"] // workers
        shares = [label.remote(of[n::workers], task, concurrency) for n in range(workers)]
        return sum(ray.get(shares))

    run(texts[: task["warmUp"]])
    tell(kind="ready")
    sys.stdin.readline()
    tell(kind="done", answered=run(texts))
    sys.stdin.read()


main()
