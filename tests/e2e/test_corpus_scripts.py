"""Entry scripts that people deployed start, and score with a small model that suits them."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.script_sweep import ENVIRONMENTS, Outcome, sweep, table
from tests.serving_process import serving, serving_environment


@pytest.fixture(scope="module")
def outcomes(corpus: Path) -> list[Outcome]:
    found = sweep(corpus)
    print(table(found))
    return found


def test_no_script_fails_for_want_of_something_in_serving(outcomes: list[Outcome]) -> None:
    failures = {found.script.path.name: found.log for found in outcomes if found.ours}
    assert failures == {}


def test_most_scripts_that_have_what_they_need_start(outcomes: list[Outcome]) -> None:
    tried = [found for found in outcomes if found.python]
    assert sum(found.starts for found in tried) >= 0.7 * len(tried), table(outcomes)


def test_every_script_that_does_not_start_has_a_cause(outcomes: list[Outcome]) -> None:
    unexplained = [found for found in outcomes if not found.starts and not found.cause]
    assert unexplained == []


# Each makes the object `model`, which is pickled.
IRIS = """
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
model = LogisticRegression(max_iter=1000).fit(*load_iris(return_X_y=True))
"""
SUM = """
import numpy
from sklearn.linear_model import LinearRegression
model = LinearRegression()
model.coef_, model.intercept_ = numpy.ones({columns}), 0.0
"""
ROW_SUM = """
class Model:
    def predict(self, row): return row.sum(keepdims=True)
model = Model()
"""
CERTAIN = """
import numpy
class Model:
    def predict_proba(self, rows): return numpy.eye(3)[[0] * len(rows)]
model = Model()
"""
AGE = """
class Model:
    def predict(self, table): return table["Age"].to_numpy()
model = Model()
"""
EXPLAINER = """
class Explainer:
    def explain(self, table): return table.to_numpy().tolist()
model = Explainer()
"""


@dataclass(frozen=True)
class Case:
    """One script of the corpus, known by its content.

    `models` maps `<name>/<version>/<path>` to what makes that file.
    """

    kind: str
    sha256: str
    request: object
    answer: object
    models: Mapping[str, str] = field(default_factory=dict)
    python: str = "3.11"


SETOSA = [5.1, 3.5, 1.4, 0.2]
SETOSA_BY_NAME = {
    "SepalLengthCm": 5.1,
    "SepalWidthCm": 3.5,
    "PetalLengthCm": 1.4,
    "PetalWidthCm": 0.2,
}
TEN = list(range(1, 11))
# Asks the service itself what a request looks like.
SWAGGER_EXAMPLE = object()

CASES = [
    Case(
        "text that is always the same",
        "46effbf36d274e27e45a1066267c4476800f84c33b7cb6a36aa5f7911feb4478",
        {},
        "New Model A",
    ),
    Case(
        "plain JSON to text",
        "17a9395684acdab343985196fb8ae6dd27882f3076e1fef6adae78c6cf7c7083",
        {"a": 1},
        "test is {'a': 1}",
    ),
    Case(
        "rawhttp with AMLResponse",
        "28b2b89ba3458ba41391513dc9f9a37ab2a84e10e9ba7844c51bf447ddb9d6e5",
        {},
        {},
    ),
    Case(
        "plain JSON to a list, cloudpickle",
        "e34d7ca6efc44702e909193f47a6605eb96917fd8bf24089e5f3d54b9fa068aa",
        {"input_data": {"data": [SETOSA, SETOSA]}},
        [0, 0],
        {"credit/1/model.pkl": IRIS},
    ),
    Case(
        "plain JSON to a dict, a folder in the model's directory",
        "f39a3d172e1efc482706dca44a862a7fd2e587e399f197244d18a5c000fdc520",
        SETOSA_BY_NAME,
        {"output": {"predicted_species": "0"}},
        {"iris/1/models/simple_iris_model.pkl": IRIS},
    ),
    Case(
        "JSON encoded twice, a model found by a pattern",
        "6667f93d5b0d3f9e9f1a6c0262d8d93d130623ec40b7a20bf035c8c7a86bac76",
        [[1, 2]],
        json.dumps(
            {
                "predictions": [3.0],
                "model_type": "LinearRegression",
                "num_samples": 1,
                "model_info": {"num_features": 2, "has_intercept": True},
            }
        ),
        {"sum/1/folder/sum.pkl": SUM.format(columns=2)},
    ),
    Case(
        "pandas and pickle",
        "172e68c1121f171636374f9a2e93be900f6688b8e2f521cf21e4295e4f4dbaa4",
        {"data": {"a": 1, "b": 2}},
        '{"prediction": [3.0]}',
        {"waiting/1/wachttijden-ebm/model.pkl": SUM.format(columns=2)},
    ),
    Case(
        "get_model_path of a file, scikit-learn",
        "d240b4bf09dc56f55777cf36967255cba0a71d0dfd4c415fa5d333815ddbbee4",
        {"data": [[1, 2], [3, 4]]},
        [3.0, 7.0],
        {"mymodel/1/model.pkl": SUM.format(columns=2)},
    ),
    Case(
        "get_model_path of a folder, data collector",
        "ccc7c843b634e8c92b1b0b4eb9856832d1072d31ca823791a3a80ad9f5d5ca77",
        SETOSA_BY_NAME,
        {"output": {"predicted_species": "0"}},
        {"IRIS/1/folder/iris_model.pkl": IRIS},
    ),
    Case(
        "get_model_path with an input schema of numpy",
        "7497121b117dd984a8a5e2de9b44927d217f97027da1f133e6eb504b42e3e80b",
        {"data": [SETOSA]},
        {"predict": [0]},
        {"aml-gha-main/1/model.pkl": IRIS},
    ),
    Case(
        "input schema of a type of the script's own",
        "fe15ba29e9240a18af93f3c600d38ff8a0643fb7db86ab577d40e52418b2ab2f",
        {"iris": [[0.0, 9.0, -9.0, -9.0]]},
        {"Probabilities": [[1.0, 0.0, 0.0]], "Predicted Categories": ["Setosa"]},
        {"iris/1/iris/iris.pkl": CERTAIN},
    ),
    Case(
        "input schema of four values",
        "037414838c0d77bad4c5818aa02cbeb502950d61b7b438a6aa190506a649b81a",
        {"sepal_length": [5.1], "sepal_width": [3.5], "petal_length": [1.4], "petal_width": [0.2]},
        {"Category": ["Setosa"]},
        {"iris/1/models/iris.pkl": IRIS},
    ),
    Case(
        "input schema of numpy to a list of numbers",
        "2ea4cf7df4c3a467b5835839f6fd25874d9c5ed6d1781b42160ab3a4d4faa78d",
        {"data": TEN},
        [55.0],
        {"regression/1/PLACE_HOLDER": ROW_SUM},
    ),
    Case(
        "input schema with a data collector",
        "56455c3fa6bd976f9a24fbfde47aee5189153d05fb3da13bd2ed452d80faa6b5",
        {"data": [SETOSA]},
        {"predict": [0]},
        {"iris/1/model.pkl": IRIS},
    ),
    Case(
        "several models, pandas, scikit-learn of old",
        "cda23306f1f7ffe090ba4d92d5d6ae407ae7af414f7da8f2d736c20178b3ed38",
        {"a": {"0": 1}, "b": {"0": 2}},
        {"predictions": [3.0], "local_importance_values": [[1, 2]]},
        {
            "IBM_attrition_model/1/model.pkl": SUM.format(columns=2),
            "IBM_attrition_explainer/1/explainer.pkl": EXPLAINER,
        },
        python="3.8",
    ),
    Case(
        "nested input schema of numpy and pandas, scikit-learn of old",
        "805cae66e24bc138dc9a9a25cf9edd1e280f4600a3576c8cfa253910ca662c28",
        {"inputs": {"input1": [TEN], "input2": [{"name": "Ada", "age": 36}], "input3": 1.0}},
        [55.0],
        {"sum/1/sklearn_regression_model.pkl": SUM.format(columns=10)},
        python="3.8",
    ),
    Case(
        "input schema of a pandas table, scikit-learn of old",
        "df7bffb69ab387885c0397928aa86d3f2772313f58116be2bd4f18624dfbce5a",
        SWAGGER_EXAMPLE,
        '{"result": [41]}',
        {"IBM_attrition_model/1/model.pkl": AGE},
        python="3.8",
    ),
]


@pytest.fixture(scope="module")
def by_content(corpus: Path) -> dict[str, Path]:
    scripts = sorted((corpus / "score").glob("*.py"))
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in scripts}


@pytest.fixture(scope="module")
def make_model() -> Callable[[Path, str, Path], None]:
    def make(python: Path, recipe: str, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        dump = "import cloudpickle, sys\ncloudpickle.dump(model, open(sys.argv[1], 'wb'))"
        subprocess.run([str(python), "-c", f"{recipe}\n{dump}", str(file)], check=True)

    return make


@pytest.mark.parametrize("case", CASES, ids=[case.kind for case in CASES])
def test_a_script_of_this_kind_scores(
    case: Case,
    by_content: dict[str, Path],
    make_model: Callable[[Path, str, Path], None],
    tmp_path: Path,
) -> None:
    script = by_content.get(case.sha256)
    if script is None:
        pytest.skip(f"this corpus has no such script ({case.sha256[:12]})")
    python = serving_environment(*dict(ENVIRONMENTS)[case.python], python=case.python)
    app_root = tmp_path / "app"
    app_root.mkdir()
    (app_root / "score.py").write_bytes(script.read_bytes())
    for path, recipe in case.models.items():
        make_model(python, recipe, app_root / "azureml-models" / path)

    with serving(python, app_root, variables={"AZUREML_MODEL_DIR": model_dir(case)}) as service:
        service.wait_until_ready()
        request = case.request
        if request is SWAGGER_EXAMPLE:
            swagger = json.loads(service.get("/swagger.json").body)
            request = swagger["definitions"]["ServiceInput"]["example"]
        reply = service.score(json.dumps(request))

    assert (reply.status, json.loads(reply.body)) == (200, case.answer), service.log
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-ms-run-function-failed"] == "False"
    assert float(reply.headers["x-ms-run-fn-exec-ms"]) < 60_000
    assert reply.headers["x-request-id"]
    assert reply.headers["x-ms-server-version"].startswith("azmlinfsrv/")


def model_dir(case: Case) -> str:
    """Relative, as LocalWebservice had it: one model's folder, or that of all models."""
    versions = {path.rpartition("/1/")[0] for path in case.models}
    return f"azureml-models/{versions.pop()}/1" if len(versions) == 1 else "azureml-models"
