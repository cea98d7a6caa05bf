#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the clients and runs their tests against daemons that they share.

Usage: test.py [NAME ...]   names of SUITES; all without one
Prints what each test says, and at the end `N passed, N failed`. Ends with 1 if a test failed.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import testbed

CLIENTS = pathlib.Path(__file__).resolve().parent
BUILT = testbed.ROOT / 'artifacts/clients'
PYTHON = '/usr/bin/python3'  # Debian's, which has grpcio


def run(*command, **options):
    """Runs a step of a build."""
    print('+', ' '.join(str(part) for part in command), flush=True)
    subprocess.run(command, check=True, **options)


def capture(environment, folder, *command):
    """Runs tests, shows what they print, and returns it with the exit code."""
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    for line in process.stdout:
        print(line, end='', flush=True)
        lines.append(line)
    return process.wait(), ''.join(lines)


def total(code, passed, failed):
    """The numbers of passed and failed tests. A run that ended with an error, or ran nothing, has failed."""
    return passed, failed or int(code != 0 or passed == 0)


def first_program(client, language):
    """The first program of a client's README."""
    readme = (CLIENTS / client / 'README.md').read_text()
    return re.search(rf'<!-- first program -->\n```{language}\n(.*?)```', readme, re.S)[1]


class Python:
    """The wheel, with Debian's grpcio."""

    def build(self):
        shutil.rmtree(CLIENTS / 'python/build', ignore_errors=True)
        shutil.rmtree(BUILT / 'python', ignore_errors=True)
        run(PYTHON, '-m', 'pip', 'wheel', '-q', '--no-index', '--no-build-isolation', '--no-deps', '-w', BUILT / 'python', CLIENTS / 'python')
        [wheel] = (BUILT / 'python').glob('*.whl')
        shutil.unpack_archive(wheel, BUILT / 'python/site', 'zip')

    def test(self, environment):
        environment = {**environment, 'PYTHONPATH': str(BUILT / 'python/site'), 'PYTHONDONTWRITEBYTECODE': '1'}
        code, text = capture(environment, CLIENTS / 'python', PYTHON, '-m', 'pytest', '-q', 'tests')
        count = {word: int(number) for number, word in re.findall(r'(\d+) (passed|failed|error)', text)}
        return total(code, count.get('passed', 0), count.get('failed', 0) + count.get('error', 0))


class Go:
    """The Go client in GOPATH mode, with the sources that Debian has."""

    path = BUILT / 'go'
    package = path / 'src/github.com/devmapd/devmapd/clients/go'

    def build(self):
        shutil.rmtree(self.path, ignore_errors=True)
        self.package.mkdir(parents=True)
        for file in (CLIENTS / 'go').glob('*.go'):
            shutil.copy(file, self.package)
        run(CLIENTS / 'go/generate.sh', self.package)
        run('go', 'vet', '.', './devmapdv1', cwd=self.package, env={**os.environ, **self._environment()})
        run('go', 'test', '-c', '-o', self.path / 'devmapd.test', '.', cwd=self.package, env={**os.environ, **self._environment()})

    def test(self, environment):
        environment = {**environment, **self._environment()}
        unformatted = subprocess.run(['gofmt', '-l', self.package], capture_output=True, text=True, check=True).stdout
        code, text = capture(environment, self.package, self.path / 'devmapd.test', '-test.v')
        passed, failed = (len(re.findall(rf'^--- {word}', text, re.M)) for word in ('PASS', 'FAIL'))
        program = first_program('go', 'go').replace('devmapd.DefaultAddress', f'"unix:{environment["DEVMAPD_SOCKET"]}"')
        (self.package / 'first').mkdir(exist_ok=True)
        (self.package / 'first/main.go').write_text(program)
        ended, text = capture(environment, self.package, 'go', 'run', './first')
        good = ended == 0 and 'entry_not_found' in text and 'everything from here' in text and not unformatted
        print(f'first program of the README: {"PASS" if good else "FAIL"} {unformatted}')
        return total(code, passed + good, failed + (not good))

    def _environment(self):
        return {'GO111MODULE': 'off', 'GOFLAGS': '', 'GOPATH': f'{self.path}:/usr/share/gocode', 'GOPROXY': 'off'}


class TypeScript:
    """The TypeScript client, with what its lock file names."""

    path = CLIENTS / 'typescript'

    def build(self):
        npm_ci(self.path)
        shutil.rmtree(self.path / 'dist', ignore_errors=True)
        (self.path / 'test/first.ts').write_text(first_program('typescript', 'ts').replace("'@devmapd/client'", "'../src/index.js'").replace(
            'new Client()', 'new Client(`unix:${process.env["DEVMAPD_SOCKET"]}`)'))
        run('npm', 'run', '--silent', 'build', cwd=self.path)

    def test(self, environment):
        code, text = capture(environment, self.path, 'node', '--test', '--test-reporter=tap', *sorted(self.path.glob('dist/test/*.test.js')))
        passed, failed = (int(re.findall(rf'^# {word} (\d+)', text, re.M)[-1]) for word in ('pass', 'fail'))
        ended, text = capture(environment, self.path, 'node', 'dist/test/first.js')
        good = ended == 0 and 'entry_not_found' in text and 'everything from here' in text
        print(f'first program of the README: {"PASS" if good else "FAIL"}')
        return total(code, passed + good, failed + (not good))


def npm_ci(folder):
    """Installs what a lock file names, unless it is there already."""
    lock, mark = folder / 'package-lock.json', folder / 'node_modules/.package-lock.json'
    if not mark.exists() or mark.stat().st_mtime < lock.stat().st_mtime:
        run('npm', 'ci', '--ignore-scripts', '--silent', cwd=folder)
        mark.touch()


class Generators:
    """Clients that openapi-typescript, hey-api, Kiota and NSwag make of the OpenAPI documents."""

    path = CLIENTS / 'generators'
    documents = testbed.ROOT / 'tests/ControlPlane.FunctionalTests/Snapshots'

    def build(self):
        document, folder = self.documents / 'openapi.v1.json', self.path / 'typescript'
        npm_ci(folder)
        for made in ('src', 'dist'):
            shutil.rmtree(folder / made, ignore_errors=True)
        run(folder / 'node_modules/.bin/openapi-ts', '-s', '-i', document, '-o', 'src/hey', '-c', '@hey-api/client-fetch', cwd=folder)
        run(folder / 'node_modules/.bin/openapi-typescript', document, '-o', 'src/paths.ts', cwd=folder, stdout=subprocess.DEVNULL)
        run(folder / 'node_modules/.bin/tsc', cwd=folder)

        folder = self.path / 'dotnet'
        shutil.rmtree(folder / 'generated', ignore_errors=True)
        run('dotnet', 'tool', 'restore', cwd=folder, stdout=subprocess.DEVNULL)
        run('dotnet', 'kiota', 'generate', '-l', 'CSharp', '-d', document, '-o', 'generated/kiota', '-n', 'Kiota', '-c', 'DevmapdClient',
            '--log-level', 'Warning', cwd=folder, stdout=subprocess.DEVNULL)
        run('dotnet', 'nswag', 'openapi2csclient', f'/input:{self.documents / "openapi.v1-3.0.json"}', '/output:generated/NSwag.cs', '/namespace:NSwag',
            '/className:DevmapdClient', '/jsonLibrary:NewtonsoftJson', '/useBaseUrl:false', '/generateOptionalParameters:true', cwd=folder,
            stdout=subprocess.DEVNULL)
        run('dotnet', 'build', '-c', 'Release', '-v', 'quiet', '--nologo', '-nodeReuse:false', '-p:UseSharedCompilation=false', cwd=folder)

    def test(self, environment):
        bundled = self.path / 'typescript/dist/check.js'
        code, text = capture(environment, self.path, 'node', '--test', '--test-reporter=tap', bundled)
        passed, failed = (int(re.findall(rf'^# {word} (\d+)', text, re.M)[-1]) for word in ('pass', 'fail'))
        other, text = capture(environment, self.path, 'dotnet', 'dotnet/bin/Release/net10.0/Generators.dll')
        return total(code or other, passed + len(re.findall('^PASS ', text, re.M)), failed + len(re.findall('^FAIL ', text, re.M)))


class Recipes:
    """The recipes of contrib, with real frames."""

    path = testbed.ROOT / 'contrib'

    def build(self):
        # One of them uses the Python client.
        if not (BUILT / 'python/site').exists():
            Python().build()

    def test(self, environment):
        environment = {**environment, 'DEVMAPD_SOCKET': environment['DEVMAPD_DURABLE'], 'DEVMAPD': str(testbed.DEVMAPD),
                       'PYTHONPATH': str(BUILT / 'python/site')}
        passed = failed = 0
        scripts = [file for file in sorted((self.path / 'recipes').glob('*.sh')) if os.access(file, os.X_OK)]
        for script in [*scripts, self.path / 'prometheus/check.sh']:
            code, _ = capture(environment, self.path, script)
            print(f'{"PASS" if code == 0 else "FAIL"} {script.relative_to(self.path)}', flush=True)
            passed, failed = passed + (code == 0), failed + (code != 0)
        return passed, failed


SUITES = {'python': Python, 'go': Go, 'typescript': TypeScript, 'generators': Generators, 'recipes': Recipes}


def main(names):
    suites = {name: SUITES[name]() for name in names or SUITES}
    results, seconds = {}, dict.fromkeys(suites, 0)
    for name, suite in suites.items():
        begin = time.monotonic()
        try:
            suite.build()
        except subprocess.CalledProcessError as failure:
            print(f'{name}: {failure}')
            results[name] = (0, 1)
        seconds[name] += time.monotonic() - begin
    with testbed.start() as environment:
        for name, suite in suites.items():
            begin = time.monotonic()
            if name not in results:
                results[name] = suite.test({**os.environ, **environment})
            seconds[name] += time.monotonic() - begin
    for name, (passed, failed) in results.items():
        print(f'{name}: {passed} passed, {failed} failed, {seconds[name]:.0f} s')
    passed, failed = (sum(numbers) for numbers in zip(*results.values()))
    print(f'{passed} passed, {failed} failed')
    return int(failed > 0)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
