using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;
using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>The labels of a resource: notes of the caller, in the order of their names. Immutable and compared by content.</summary>
#pragma warning disable CA1710 // The word of the field: labels.
public sealed class Labels : IReadOnlyDictionary<string, string>, IEquatable<Labels>
#pragma warning restore CA1710
{
    private readonly KeyValuePair<string, string>[] _sorted;

    private Labels(KeyValuePair<string, string>[] sorted) => _sorted = sorted;

    /// <summary>No labels.</summary>
    public static Labels Empty { get; } = new([]);

    /// <inheritdoc/>
    public int Count => _sorted.Length;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => _sorted.Select(l => l.Key);

    /// <inheritdoc/>
    public IEnumerable<string> Values => _sorted.Select(l => l.Value);

    /// <inheritdoc/>
    public string this[string key] => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"There is no label '{key}'.");

    /// <summary>Returns these labels; null gives <see cref="Empty"/>.</summary>
    public static Labels Of(IEnumerable<KeyValuePair<string, string>>? labels)
    {
        var sorted = labels?.OrderBy(l => l.Key, StringComparer.Ordinal).ToArray() ?? [];
        return sorted.Length == 0 ? Empty : new Labels(sorted);
    }

    /// <inheritdoc/>
    public bool ContainsKey(string key) => TryGetValue(key, out _);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out string value)
    {
        // At most 32 labels: a scan is as fast as a search.
        foreach (var (name, text) in _sorted)
        {
            if (name == key)
            {
                value = text;
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <inheritdoc/>
    public bool Equals(Labels? other) => other is not null && _sorted.AsSpan().SequenceEqual(other._sorted);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Labels);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var (name, value) in _sorted)
        {
            hash.Add(name, StringComparer.Ordinal);
            hash.Add(value, StringComparer.Ordinal);
        }

        return hash.ToHashCode();
    }

    /// <summary>Returns the labels as <c>{a=b, c=d}</c>.</summary>
    public override string ToString() => $"{{{string.Join(", ", _sorted.Select(l => $"{l.Key}={l.Value}"))}}}";

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, string>>)_sorted).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>The rules for labels and owners.</summary>
public static partial class LabelRules
{
    /// <summary>Most labels of one resource.</summary>
    public const int MaxLabels = 32;

    /// <summary>Longest value in bytes of UTF-8.</summary>
    public const int MaxValueBytes = 256;

    /// <summary>The rule for names in words.</summary>
    public const string NameRule = "a label's name must match [A-Za-z0-9][A-Za-z0-9._/-]{0,62}";

    /// <summary>The rule for the characters of values in words.</summary>
    public const string ValueRule = "a label's value must not have control characters";

    /// <summary>The rule for owners in words.</summary>
    public const string OwnerRule = "must match [A-Za-z0-9][A-Za-z0-9._:/@-]{0,126}";

    /// <summary>Adds a violation for every label that breaks a rule.</summary>
    public static void Validate(IReadOnlyDictionary<string, string> labels, Violations violations)
    {
        if (labels.Count > MaxLabels)
            violations.Add("labels", $"at most {MaxLabels} labels");
        foreach (var (name, value) in labels)
        {
            if (!IsName(name))
                violations.Add($"labels.{name}", NameRule);
            if (value.Any(char.IsControl))
                violations.Add($"labels.{name}", ValueRule);
            if (Encoding.UTF8.GetByteCount(value) > MaxValueBytes)
                violations.Add($"labels.{name}", $"a label's value must be at most {MaxValueBytes} bytes");
        }
    }

    /// <summary>Adds a violation for every label and for an owner that breaks a rule.</summary>
    /// <param name="labels">The labels; null for none.</param>
    /// <param name="owner">The owner; null or empty for none.</param>
    /// <param name="violations">The violations found until now.</param>
    public static void Validate(IReadOnlyDictionary<string, string>? labels, string? owner, Violations violations)
    {
        if (labels is not null)
            Validate(labels, violations);
        ValidateOwner(owner, violations);
    }

    /// <summary>Adds a violation for an owner that breaks the rule.</summary>
    /// <param name="owner">The owner; null or empty for none.</param>
    /// <param name="violations">The violations found until now.</param>
    public static void ValidateOwner(string? owner, Violations violations)
    {
        if (!string.IsNullOrEmpty(owner) && !IsOwner(owner))
            violations.Add("owner", OwnerRule);
    }

    /// <summary>Returns whether a label may have this name.</summary>
    public static bool IsName(string name) => Name().IsMatch(name);

    /// <summary>Returns whether a resource may have this owner.</summary>
    public static bool IsOwner(string owner) => Owner().IsMatch(owner);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._/-]{0,62}\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._:/@-]{0,126}\z")]
    private static partial Regex Owner();
}
