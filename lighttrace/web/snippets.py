"""What to paste into a program so that its errors come here: one snippet per SDK family.

Each sets the release (ties every error to a deploy), the environment, and a tag that says whose
code it was. Checked against the SDKs' own documentation; Python's and JavaScript's run in the
tests.
"""

from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES

JS_INIT = """\
Sentry.init({
  dsn: "%DSN%",
  environment: "production",
  release: "%RELEASE%", // ties every error to a deploy
});
"""
JS_TAG = 'Sentry.setTag("component", "checkout"); // says whose code it was\n'
PY_INIT = """\
sentry_sdk.init(
    dsn="%DSN%",
    environment="production",
    release="%RELEASE%",  # ties every error to a deploy
)
sentry_sdk.get_global_scope().set_tag("component", "checkout")  # says whose code it was
"""


@dataclass(frozen=True, slots=True)
class Sdk:
    """`platform` is what Sentry calls it; `where` the file the code belongs to; `trial` a line that
    fails on purpose.
    """

    slug: str
    name: str
    platform: str
    install: str
    where: str
    lexer: str
    code: str
    trial: str


SDKS: tuple[Sdk, ...] = (
    Sdk(
        "browser",
        "Browser",
        "javascript",
        "npm install @sentry/browser",
        "first thing in your bundle",
        "javascript",
        'import * as Sentry from "@sentry/browser";\n\n' + JS_INIT + JS_TAG,
        'setTimeout(() => { throw new Error("Hello LightTrace"); });',
    ),
    Sdk(
        "react",
        "React",
        "javascript-react",
        "npm install @sentry/react",
        "src/instrument.js, imported first in src/main.jsx",
        "javascript",
        'import * as Sentry from "@sentry/react";\n\n' + JS_INIT + JS_TAG,
        '<button onClick={() => { throw new Error("Hello LightTrace"); }}>Break</button>',
    ),
    Sdk(
        "nextjs",
        "Next.js",
        "javascript-nextjs",
        "npm install @sentry/nextjs",
        "two files beside next.config",
        "typescript",
        "// instrumentation-client.ts: the browser\n"
        'import * as Sentry from "@sentry/nextjs";\n\n'
        + JS_INIT
        + JS_TAG
        + "\n// instrumentation.ts: the server\n"
        'import * as Sentry from "@sentry/nextjs";\n\n'
        "export function register() {\n"
        '  Sentry.init({ dsn: "%DSN%", environment: "production", release: "%RELEASE%" });\n'
        "}\n"
        "export const onRequestError = Sentry.captureRequestError;\n",
        'throw new Error("Hello LightTrace");',
    ),
    Sdk(
        "node",
        "Node",
        "node",
        "npm install @sentry/node",
        "instrument.mjs; start with node --import ./instrument.mjs app.mjs",
        "javascript",
        'import * as Sentry from "@sentry/node";\n\n' + JS_INIT + JS_TAG,
        'setTimeout(() => { throw new Error("Hello LightTrace"); });',
    ),
    Sdk(
        "python",
        "Python",
        "python",
        "pip install sentry-sdk",
        "as early as your program starts",
        "python",
        "import sentry_sdk\n\n" + PY_INIT,
        "1 / 0",
    ),
    Sdk(
        "django",
        "Django",
        "python-django",
        'pip install "sentry-sdk[django]"',
        "settings.py",
        "python",
        "import sentry_sdk\n\n" + PY_INIT,
        'path("break/", lambda request: 1 / 0)',
    ),
    Sdk(
        "flask",
        "Flask",
        "python-flask",
        'pip install "sentry-sdk[flask]"',
        "before the app is made",
        "python",
        "import sentry_sdk\nfrom flask import Flask\n\n" + PY_INIT + "\napp = Flask(__name__)\n",
        'app.add_url_rule("/break", view_func=lambda: 1 / 0)',
    ),
    Sdk(
        "fastapi",
        "FastAPI",
        "python-fastapi",
        'pip install "sentry-sdk[fastapi]"',
        "before the app is made",
        "python",
        "import sentry_sdk\nfrom fastapi import FastAPI\n\n" + PY_INIT + "\napp = FastAPI()\n",
        'app.get("/break")(lambda: 1 / 0)',
    ),
    Sdk(
        "php",
        "PHP",
        "php",
        "composer require sentry/sentry",
        "as early as your program starts",
        "php",
        "<?php\n\n"
        "\\Sentry\\init([\n"
        "    'dsn' => '%DSN%',\n"
        "    'environment' => 'production',\n"
        "    'release' => '%RELEASE%', // ties every error to a deploy\n"
        "]);\n"
        "\\Sentry\\configureScope(function (\\Sentry\\State\\Scope $scope): void {\n"
        "    $scope->setTag('component', 'checkout'); // says whose code it was\n"
        "});\n",
        "throw new Exception('Hello LightTrace');",
    ),
    Sdk(
        "laravel",
        "Laravel",
        "php-laravel",
        "composer require sentry/sentry-laravel",
        "two files",
        "php",
        "<?php\n\n"
        "// .env\n"
        "// SENTRY_LARAVEL_DSN=%DSN%\n"
        "// SENTRY_ENVIRONMENT=production\n"
        "// SENTRY_RELEASE=%RELEASE%   (ties every error to a deploy)\n\n"
        "// bootstrap/app.php\n"
        "->withExceptions(function (Exceptions $exceptions) {\n"
        "    \\Sentry\\Laravel\\Integration::handles($exceptions);\n"
        "    \\Sentry\\configureScope(function (\\Sentry\\State\\Scope $scope): void {\n"
        "        $scope->setTag('component', 'checkout'); // says whose code it was\n"
        "    });\n"
        "})\n",
        "php artisan sentry:test",
    ),
    Sdk(
        "ruby",
        "Ruby",
        "ruby",
        "bundle add sentry-ruby",
        "with Rails: add sentry-rails too, config/initializers/sentry.rb",
        "ruby",
        'require "sentry-ruby"\n\n'
        "Sentry.init do |config|\n"
        '  config.dsn = "%DSN%"\n'
        '  config.environment = "production"\n'
        '  config.release = "%RELEASE%" # ties every error to a deploy\n'
        "end\n"
        'Sentry.set_tags(component: "checkout") # says whose code it was\n',
        'Sentry.capture_exception(RuntimeError.new("Hello LightTrace"))',
    ),
    Sdk(
        "go",
        "Go",
        "go",
        "go get github.com/getsentry/sentry-go",
        "first thing in main()",
        "go",
        "err := sentry.Init(sentry.ClientOptions{\n"
        '\tDsn:         "%DSN%",\n'
        '\tEnvironment: "production",\n'
        '\tRelease:     "%RELEASE%", // ties every error to a deploy\n'
        "})\n"
        "if err != nil {\n"
        "\tlog.Fatal(err)\n"
        "}\n"
        "defer sentry.Flush(2 * time.Second)\n\n"
        "sentry.ConfigureScope(func(scope *sentry.Scope) {\n"
        '\tscope.SetTag("component", "checkout") // says whose code it was\n'
        "})\n",
        'sentry.CaptureException(errors.New("hello LightTrace"))',
    ),
    Sdk(
        "java",
        "Java",
        "java",
        'implementation("io.sentry:sentry:8.+")',
        "first thing in main()",
        "java",
        "import io.sentry.Sentry;\n\n"
        "Sentry.init(options -> {\n"
        '    options.setDsn("%DSN%");\n'
        '    options.setEnvironment("production");\n'
        '    options.setRelease("%RELEASE%"); // ties every error to a deploy\n'
        '    options.setTag("component", "checkout"); // says whose code it was\n'
        "});\n",
        'throw new IllegalStateException("Hello LightTrace");',
    ),
    Sdk(
        "dotnet",
        ".NET",
        "dotnet",
        "dotnet add package Sentry",
        "first thing in Program.cs; with ASP.NET Core: builder.WebHost.UseSentry(options => …)",
        "csharp",
        "using Sentry;\n\n"
        "using var _ = SentrySdk.Init(options =>\n"
        "{\n"
        '    options.Dsn = "%DSN%";\n'
        '    options.Environment = "production";\n'
        '    options.Release = "%RELEASE%"; // ties every error to a deploy\n'
        '    options.DefaultTags["component"] = "checkout"; // says whose code it was\n'
        "});\n",
        'throw new InvalidOperationException("Hello LightTrace");',
    ),
    Sdk(
        "flutter",
        "Flutter",
        "flutter",
        "flutter pub add sentry_flutter",
        "lib/main.dart",
        "dart",
        "import 'package:flutter/widgets.dart';\n"
        "import 'package:sentry_flutter/sentry_flutter.dart';\n\n"
        "Future<void> main() async {\n"
        "  await SentryFlutter.init(\n"
        "    (options) {\n"
        "      options.dsn = '%DSN%';\n"
        "      options.environment = 'production';\n"
        "      options.release = '%RELEASE%'; // ties every error to a deploy\n"
        "    },\n"
        "    appRunner: () {\n"
        "      // says whose code it was\n"
        "      Sentry.configureScope((scope) => scope.setTag('component', 'checkout'));\n"
        "      runApp(const MyApp());\n"
        "    },\n"
        "  );\n"
        "}\n",
        "throw StateError('Hello LightTrace');",
    ),
)
BY_SLUG = {sdk.slug: sdk for sdk in SDKS}


def chosen(slug: str | None, platform: str | None) -> Sdk:
    """The tab that is open: the one asked for, else the project's platform, else the first."""
    if slug in BY_SLUG:
        return BY_SLUG[slug or ""]
    for sdk in SDKS:
        if platform in (sdk.platform, sdk.slug):
            return sdk
    family = (platform or "").partition("-")[0]
    return next((sdk for sdk in SDKS if sdk.platform == family), SDKS[0])


def filled(sdk: Sdk, dsn: str, project_slug: str) -> str:
    return sdk.code.replace("%DSN%", dsn).replace("%RELEASE%", f"{project_slug}@1.0.0").rstrip("\n")


@lru_cache(maxsize=256)
def highlighted(code: str, lexer: str) -> Markup:
    """Numbered lines with pygments' short classes, as `.code` in app.css expects them."""
    lines: list[list[str]] = [[]]
    for kind, text in get_lexer_by_name(lexer, ensurenl=False, stripnl=False).get_tokens(code):
        while kind not in STANDARD_TYPES:
            kind = kind.parent
        css = STANDARD_TYPES[kind]
        for number, part in enumerate(text.split("\n")):
            if number:
                lines.append([])
            if part:
                lines[-1].append(
                    f'<span class="{css}">{escape(part)}</span>' if css else str(escape(part))
                )
    rows = (
        f'<span class="ln"><span>{number}</span><span>{"".join(parts) or " "}</span></span>'
        for number, parts in enumerate(lines, 1)
    )
    return Markup("".join(rows))
