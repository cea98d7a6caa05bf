using System.Diagnostics;

namespace ControlPlane.TestCommon.Lab;

/// <summary>Runs commands to their end.</summary>
public static class Shell
{
    private static readonly TimeSpan Limit = Patience.OfSeconds(60);

    /// <summary>Runs a command and returns its standard output.</summary>
    /// <exception cref="ShellException">It did not end with 0, or not in a minute (then it is killed).</exception>
    public static string Run(string command, params string[] arguments) => RunWithInput("", command, arguments);

    /// <summary>Runs a command with this standard input and returns its standard output.</summary>
    /// <exception cref="ShellException">It did not end with 0, or not in a minute (then it is killed).</exception>
    public static string RunWithInput(string input, string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit code tells why.
        }

        var shown = string.Join(' ', arguments.Prepend(command));
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            throw new ShellException(shown, -1, $"not done after {Limit}");
        }

        return process.ExitCode == 0
            ? output.GetAwaiter().GetResult()
            : throw new ShellException(shown, process.ExitCode, error.GetAwaiter().GetResult());
    }
}

/// <summary>A command failed.</summary>
public sealed class ShellException(string command, int exitCode, string error)
    : Exception($"`{command}` ended with {exitCode}: {error.Trim()}")
{
    public int ExitCode { get; } = exitCode;

    /// <summary>Its standard error.</summary>
    public string StandardError { get; } = error;
}
