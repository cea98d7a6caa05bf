using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Pins;

/// <summary>
/// Folders of pins that appear, are replaced and go as a whole, so that a crash leaves none half made. Pins are made in
/// <c>NAME%new</c>, which then is renamed to <c>NAME</c>; what is to go is first renamed to <c>NAME%old</c>. Nothing is ever
/// attached from a folder before it has its name, so leftovers of a creation can be removed without a frame noticing.
/// (<c>RENAME_EXCHANGE</c> would do it in one step, but bpffs has it only since 5.17.)
/// </summary>
internal static class PinFolder
{
    private const string NewSuffix = "%new";
    private const string OldSuffix = "%old";

    /// <summary>Creates a folder that only the owner may enter; missing parents come with the usual mode.</summary>
    public static void Create(string folder) =>
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>Lets <paramref name="pin"/> make the pins of a folder, which must not exist unless it is to be replaced.</summary>
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

    /// <summary>Removes a folder and its pins. False when there is none.</summary>
    public static bool Remove(string folder)
    {
        if (!Directory.Exists(folder))
            return false;
        Directory.Move(folder, folder + OldSuffix);
        Directory.Delete(folder + OldSuffix, recursive: true);
        return true;
    }

    /// <summary>Finishes or takes back what a crash has cut off, for every folder under a parent; called at start.</summary>
    public static void Recover(string parent, ILogger logger)
    {
        foreach (var old in Directory.GetDirectories(parent, "*" + OldSuffix))
        {
            // Both new and old, and none in place: the new one was complete, as the old one goes only after that.
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
