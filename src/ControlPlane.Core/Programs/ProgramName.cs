using System.Text.RegularExpressions;

namespace ControlPlane.Core.Programs;

/// <summary>The rule for names of egress programs, which are also folders of bpffs: no dots.</summary>
public static partial class ProgramName
{
    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "must match [a-z][a-z0-9_-]{0,62}";

    /// <summary>Whether the name keeps the rule.</summary>
    public static bool IsValid(string? name) => name is not null && Pattern().IsMatch(name);

    [GeneratedRegex(@"\A[a-z][a-z0-9_-]{0,62}\z")]
    private static partial Regex Pattern();
}
