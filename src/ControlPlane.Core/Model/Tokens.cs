using System.Text.RegularExpressions;

namespace ControlPlane.Core.Model;

/// <summary>The desired state of a token.</summary>
/// <param name="Role">The role of callers that send the token.</param>
/// <param name="ExpireTime">When the token ends. Null for never.</param>
/// <param name="Limits">The limits of a token with the role operator. Null for none.</param>
/// <param name="Labels">The caller's own notes, at most 32.</param>
/// <param name="Owner">Who the token belongs to. Null for nobody in particular.</param>
public sealed record TokenSpec(Role Role, DateTimeOffset? ExpireTime, TokenLimits? Limits, Labels Labels, string? Owner);

/// <summary>The desired state of one token, with its identity. The secret itself is not kept.</summary>
/// <param name="Name">The name.</param>
/// <param name="Hash">The SHA-256 of the secret, in hexadecimal.</param>
/// <param name="Spec">The desired state.</param>
/// <param name="Revision">The revision of its creation.</param>
/// <param name="CreateTime">When it was created.</param>
public sealed record TokenRecord(string Name, string Hash, TokenSpec Spec, long Revision, DateTimeOffset CreateTime) : IDesiredRecord;

/// <summary>Whether a token can be used.</summary>
public enum TokenState
{
    /// <summary>It can be used.</summary>
    Active,

    /// <summary>Its time is over.</summary>
    Expired,
}

/// <summary>The observed state of a token.</summary>
/// <param name="State">Whether the token can be used.</param>
public sealed record TokenStatus(TokenState State);

/// <summary>A token as the API shows it: without its secret.</summary>
/// <param name="Name">The name, which the log shows of changes by the token.</param>
/// <param name="Revision">The revision of its creation.</param>
/// <param name="CreateTime">When the token was created.</param>
/// <param name="UpdateTime">When the token was created: a token never changes.</param>
/// <param name="Spec">The desired state.</param>
/// <param name="Status">The observed state.</param>
public sealed record Token(string Name, long Revision, DateTimeOffset CreateTime, DateTimeOffset UpdateTime, TokenSpec Spec, TokenStatus Status);

/// <summary>A new token, with its secret.</summary>
/// <param name="Token">The token.</param>
/// <param name="Secret">The secret that callers send as <c>Authorization: Bearer SECRET</c>. It is shown this once.</param>
public sealed record CreatedToken(Token Token, string Secret);

/// <summary>The rule for names of tokens.</summary>
public static partial class TokenName
{
    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "must match [a-z0-9][a-z0-9._-]{0,62}";

    /// <summary>Whether the name keeps the rule.</summary>
    public static bool IsValid(string? name) => name is not null && Pattern().IsMatch(name);

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,62}\z")]
    private static partial Regex Pattern();
}
