using ControlPlane.Cli;
using ControlPlane.Cli.Running;

namespace ControlPlane.CliTests;

/// <summary>The output of a command, and its exit code.</summary>
internal sealed record CtlResult(int Code, string Out, string Error)
{
    public string[] Lines => Out.TrimEnd('\n').Split('\n');
}

/// <summary>Runs devmapctl within this process.</summary>
internal sealed class Ctl(string address)
{
    public Task<CtlResult> RunAsync(params string[] args) => RunAsync("", args);

    public async Task<CtlResult> RunAsync(string input, string[] args, CancellationToken cancellation = default)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await Devmapctl.RunAsync([.. args, "--address", address], new Terminal(output, error, new StringReader(input), false), cancellation);
        return new CtlResult(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs a command that must succeed, and returns what it has written.</summary>
    public async Task<string> OkAsync(params string[] args)
    {
        var result = await RunAsync(args);
        Assert.True(result.Code == 0, $"{string.Join(' ', args)}: {result.Code}\n{result.Out}{result.Error}");
        return result.Out;
    }
}
