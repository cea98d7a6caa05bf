using System.CommandLine;

namespace ControlPlane.Cli.Running;

/// <summary>The options of all commands.</summary>
internal static class GlobalOptions
{
    /// <summary>The context.</summary>
    public static Option<string?> Context { get; } = new("--context")
    {
        Description = "The context to use, of those that 'devmapctl context list' shows.", HelpName = "NAME", Recursive = true,
    };

    /// <summary>The address.</summary>
    public static Option<string?> Address { get; } = new("--address")
    {
        Description = "The daemon: unix:PATH, http://HOST:PORT or https://HOST:PORT. The unix socket of the package by default.", HelpName = "ADDRESS", Recursive = true,
    };

    /// <summary>The token.</summary>
    public static Option<string?> TokenFile { get; } = new("--token-file")
    {
        Description = "A file with the secret of a token. DEVMAPCTL_TOKEN can have the secret itself.", HelpName = "FILE", Recursive = true,
    };

    /// <summary>The devmap.</summary>
    public static Option<string?> Devmap { get; } = new("--devmap", "-d")
    {
        Description = "The devmap. 'default' unless the context has another.", HelpName = "NAME", Recursive = true,
    };

    /// <summary>The form of the output.</summary>
    public static Option<string> Output { get; } = new("--output", "-o")
    {
        Description = "The form of the output: table, wide, json, yaml, name, or jsonpath=TEMPLATE.", HelpName = "FORM", Recursive = true,
        DefaultValueFactory = _ => "table",
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Option> All { get; } = [Context, Address, TokenFile, Devmap, Output];
}
