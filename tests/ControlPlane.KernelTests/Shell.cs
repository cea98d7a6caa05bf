using System.Diagnostics;

namespace ControlPlane.KernelTests;

/// <summary>Runs tools.</summary>
internal static class Shell
{
    /// <summary>Runs a tool to its end and gives its output; throws with all it said when it fails.</summary>
    public static string Run(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{tool} {string.Join(' ', arguments)}: {output}{errors.Result}");
    }
}
