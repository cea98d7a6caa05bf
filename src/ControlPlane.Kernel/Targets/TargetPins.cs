namespace ControlPlane.Kernel.Targets;

/// <summary>Where the pass program is pinned, with its links.</summary>
internal sealed class TargetPins(string folder)
{
    public string Folder => folder;

    /// <summary>The program.</summary>
    public string Program => Path.Combine(folder, "program");

    /// <summary>The mark by which it is ours.</summary>
    public string Config => Path.Combine(folder, "config");

    /// <summary>The folder of the links.</summary>
    public string Links => Path.Combine(folder, "links");

    /// <summary>The pins under a pin root.</summary>
    public static TargetPins Of(string pinRoot) => new(Path.Combine(pinRoot, "targets"));
}
