using ControlPlane.TestCommon.Lab;

namespace ControlPlane.TestCommon;

/// <summary>
/// One run of a test project. Everything it makes can be distinguished from the work of others: interfaces, namespaces and pins by the prefix of
/// their names, processes by a variable in their environment, temporary files by the folder they lie in.
/// </summary>
internal sealed class TestRun
{
    private const string Variable = "DEVMAPD_TEST_RUN";
    private const string FolderVariable = "TMPDIR";

    // Sockets of the .NET runtime, which a killed process leaves.
    private static readonly string[] RuntimeFiles = ["clr-debug-pipe-", "dotnet-diagnostic-", ".dotnet"];

    private readonly DirectoryInfo _folder;

    private TestRun(DirectoryInfo folder) => _folder = folder;

    /// <summary>Marks the process, and so the processes it starts, as a run.</summary>
    public static TestRun Begin()
    {
        var folder = Directory.CreateTempSubdirectory($"devmapd-tests-{LabNames.Prefix}");
        Environment.SetEnvironmentVariable(Variable, LabNames.Prefix);
        Environment.SetEnvironmentVariable(FolderVariable, folder.FullName);
        return new TestRun(folder);
    }

    /// <summary>Waits until nothing of the run is left, then removes its folder.</summary>
    /// <exception cref="TimeoutException">Something is left; the message lists it.</exception>
    public async Task EndAsync()
    {
        Environment.SetEnvironmentVariable(FolderVariable, _folder.Parent!.FullName);
        try
        {
            await Leftovers.AssertNoneAsync(() => [.. Leftovers.Named(), .. Processes(), .. Files()]);
        }
        finally
        {
            _folder.Delete(recursive: true);
        }
    }

    private IEnumerable<string> Files() => _folder.EnumerateFileSystemInfos()
        .Where(f => !RuntimeFiles.Any(r => f.Name.StartsWith(r, StringComparison.Ordinal)))
        .Select(f => $"file {f.FullName}");

    private static IEnumerable<string> Processes()
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(p => uint.TryParse(Path.GetFileName(p), out _)))
        {
            if (Read(process, "environ").Split('\0').Contains($"{Variable}={LabNames.Prefix}"))
                yield return $"process {Path.GetFileName(process)} ({Read(process, "cmdline").Replace('\0', ' ').Trim()})";
        }
    }

    private static string Read(string process, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, file));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return ""; // It has ended, or it is another user's and so not of this run.
        }
    }
}
