using System.Text;
using System.Text.RegularExpressions;
using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Entries;

/// <summary>The rules for labels.</summary>
public static partial class LabelRules
{
    /// <summary>Most labels of one entry.</summary>
    public const int MaxLabels = 32;

    /// <summary>Longest value in bytes of UTF-8.</summary>
    public const int MaxValueBytes = 256;

    /// <summary>The rule for names in words.</summary>
    public const string NameRule = "a label's name must match [A-Za-z0-9][A-Za-z0-9._/-]{0,62}";

    /// <summary>Adds a fault for every label that breaks a rule.</summary>
    public static void Validate(IReadOnlyDictionary<string, string> labels, Violations faults)
    {
        if (labels.Count > MaxLabels)
            faults.Add("labels", $"at most {MaxLabels} labels");
        foreach (var (name, value) in labels)
        {
            if (!IsName(name))
                faults.Add($"labels.{name}", NameRule);
            if (Encoding.UTF8.GetByteCount(value) > MaxValueBytes)
                faults.Add($"labels.{name}", $"a label's value must be at most {MaxValueBytes} bytes");
        }
    }

    /// <summary>Whether a label may have this name.</summary>
    public static bool IsName(string name) => Name().IsMatch(name);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._/-]{0,62}\z")]
    private static partial Regex Name();
}
