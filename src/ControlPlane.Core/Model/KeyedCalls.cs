namespace ControlPlane.Core.Model;

/// <summary>The identity of a call that its caller has marked with a key.</summary>
/// <param name="Account">The account of the caller, in words: keys of two callers never meet.</param>
/// <param name="Key">The key.</param>
public readonly record struct CallId(string Account, string Key);

/// <summary>A call that its caller has marked with a key. A repeat gets the same answer.</summary>
/// <param name="Id">The identity.</param>
/// <param name="Hash">The SHA-256 of the request, in hexadecimal. A repeat has the same.</param>
/// <param name="Time">When the call was first made.</param>
/// <param name="Answer">The answer, as <see cref="ItemResults"/> writes it; null until all items have happened.</param>
public sealed record KeyedCall(CallId Id, string Hash, DateTimeOffset Time, byte[]? Answer = null);

/// <summary>One item that has happened, of a call that has no answer yet.</summary>
/// <param name="Id">The identity of the call.</param>
/// <param name="Item">The index of the item.</param>
/// <param name="Outcome">The effect of the item.</param>
/// <param name="Revision">The revision of the entry, or of its deletion.</param>
public sealed record CallPart(CallId Id, int Item, ItemOutcome Outcome, long Revision);

/// <summary>The rule for keys of calls.</summary>
public static class IdempotencyKey
{
    /// <summary>The longest key.</summary>
    public const int MaxLength = 128;

    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "must be 1 to 128 letters, digits and characters of -._~:/+=@";

    /// <summary>Whether the key keeps the rule.</summary>
    public static bool IsValid(string key) =>
        key.Length is > 0 and <= MaxLength && key.All(c => char.IsAsciiLetterOrDigit(c) || "-._~:/+=@".Contains(c, StringComparison.Ordinal));
}
