using ControlPlane.Cli.Running;

namespace ControlPlane.Cli.Resources;

/// <summary>All kinds of resources.</summary>
internal static class Kinds
{
    /// <summary>Entries.</summary>
    public static EntryKind Entry { get; } = new();

    /// <summary>Attachments.</summary>
    public static AttachmentKind Attachment { get; } = new();

    /// <summary>Egress programs.</summary>
    public static ProgramKind Program { get; } = new();

    /// <summary>Tokens.</summary>
    public static TokenKind Token { get; } = new();

    /// <summary>Changes.</summary>
    public static ChangeKind Change { get; } = new();

    /// <summary>All of them, in the order of the help.</summary>
    public static IReadOnlyList<Kind> All { get; } = [new DevmapKind(), Entry, Attachment, Program, new InterfaceKind(), new LeaseKind(), Token, Change, new HostKind()];

    /// <summary>The words for them.</summary>
    public static IEnumerable<string> Words => All.Select(k => k.Plural);

    /// <summary>Returns the kind of a word, in any of its forms.</summary>
    /// <exception cref="CommandFailedException">There is no such kind.</exception>
    public static Kind Of(string word) =>
        All.FirstOrDefault(k => k.Name == word || k.Plural == word || k.Aliases.Contains(word))
        ?? throw CommandFailedException.Usage($"'{word}' is no kind of resource: {string.Join(", ", Words)} are.");
}
