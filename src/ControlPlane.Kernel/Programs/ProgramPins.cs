using ControlPlane.Kernel.Pins;

namespace ControlPlane.Kernel.Programs;

/// <summary>Where the objects of an egress program are pinned.</summary>
internal sealed class ProgramPins(string folder)
{
    public string Folder => folder;

    /// <summary>The program itself.</summary>
    public string Program => Path.Combine(folder, "program");

    /// <summary>What it was loaded with.</summary>
    public string Config => Path.Combine(folder, "config");

    /// <summary>What it counted.</summary>
    public string Counters => Path.Combine(folder, "counters");

    /// <summary>The folder that holds all programs.</summary>
    public static string Parent(string pinRoot) => Path.Combine(pinRoot, "programs");

    /// <summary>The pins of the program of this name.</summary>
    public static ProgramPins Of(string pinRoot, string program) => new(Path.Combine(Parent(pinRoot), PinName.Encode(program)));
}
