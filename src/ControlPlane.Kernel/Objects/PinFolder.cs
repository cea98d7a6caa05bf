using ControlPlane.Kernel.Native;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Objects;

/// <summary>
/// Folders of pins that are created, replaced and removed as a whole, so that a crash leaves no folder half made. Pins are
/// made in <c>NAME%new</c>, which is then renamed to <c>NAME</c>. A folder is renamed to <c>NAME%old</c> before its removal.
/// Nothing is attached from a folder before the folder has its name, so removing an unfinished folder loses no frame.
/// (<c>RENAME_EXCHANGE</c> would need one step only, but bpffs has it only since 5.17.)
/// </summary>
internal static class PinFolder
{
    private const string NewSuffix = "%new";
    private const string OldSuffix = "%old";

    /// <summary>Creates a folder that only the owner may enter. Missing parents get the default mode.</summary>
    public static void Create(string folder) =>
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>Creates a folder, or replaces it. <paramref name="pin"/> makes the pins in the folder that it is given.</summary>
    public static void Publish(string folder, Action<string> pin)
    {
        var staging = folder + NewSuffix;
        Create(staging);
        try
        {
            pin(staging);
        }
        catch
        {
            Directory.Delete(staging, recursive: true);
            throw;
        }

        if (Directory.Exists(folder))
            Directory.Move(folder, folder + OldSuffix);
        Directory.Move(staging, folder);
        if (Directory.Exists(folder + OldSuffix))
            Directory.Delete(folder + OldSuffix, recursive: true);
    }

    /// <summary>Removes a folder and its pins. Returns false if there is no such folder.</summary>
    public static bool Remove(string folder)
    {
        if (!Directory.Exists(folder))
            return false;
        Directory.Move(folder, folder + OldSuffix);
        Directory.Delete(folder + OldSuffix, recursive: true);
        return true;
    }

    /// <summary>Finishes or undoes the creations and removals that a crash has interrupted, for each folder under a parent. Called at start.</summary>
    public static void Recover(string parent, ILogger logger)
    {
        foreach (var old in Directory.GetDirectories(parent, "*" + OldSuffix))
        {
            // Old and new exist, and nothing is in place: the new folder is complete, because the old one moves away only then.
            var folder = old[..^OldSuffix.Length];
            if (!Directory.Exists(folder) && Directory.Exists(folder + NewSuffix))
                Directory.Move(folder + NewSuffix, folder);
            Directory.Delete(old, recursive: true);
            KernelLog.FinishedReplacement(logger, folder);
        }

        foreach (var unfinished in Directory.GetDirectories(parent, "*" + NewSuffix))
        {
            Directory.Delete(unfinished, recursive: true);
            KernelLog.RemovedUnfinished(logger, unfinished);
        }
    }
}

/// <summary>
/// File names of pins. bpffs refuses dots, and names of interfaces can have dots. So '.' is percent-encoded, and '%' as well to
/// keep the encoding reversible. An encoded name never ends in <c>%new</c> or <c>%old</c>, which <see cref="PinFolder"/> uses.
/// </summary>
internal static class PinName
{
    public static string Encode(string name) => name.Replace("%", "%25", StringComparison.Ordinal).Replace(".", "%2E", StringComparison.Ordinal);

    public static string Decode(string fileName) =>
        fileName.Replace("%2E", ".", StringComparison.Ordinal).Replace("%25", "%", StringComparison.Ordinal);
}
