using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Loop;

namespace ControlPlane.Core.Api;

/// <summary>A request for a new token.</summary>
/// <param name="Name">The name of the token, which must be free.</param>
/// <param name="Role">The role of callers that send the token.</param>
/// <param name="ExpireTime">When the token ends. Null or omitted for never.</param>
/// <param name="Limits">The limits of a token with the role operator. Null or omitted for none.</param>
/// <param name="Labels">The caller's own notes, at most 32.</param>
/// <param name="Owner">Who the token belongs to. Null or omitted for nobody in particular.</param>
public sealed record TokenRequest(string Name, Role Role, DateTimeOffset? ExpireTime, TokenLimits? Limits, Labels? Labels, string? Owner);

/// <summary>The operations on tokens, and the look-up of the token that a request carries.</summary>
internal sealed class TokenService
{
    /// <summary>The beginning of every secret, by which scanners of code find one that was published.</summary>
    public const string SecretPrefix = "devmapd_";

    /// <summary>Most devmaps, owners or ranges of keys in the limits of a token.</summary>
    public const int MaxLimits = 64;

    private const int SecretBytes = 32;

    private readonly ControlPlaneState _state;
    private readonly DevmapWriter _writer;
    private readonly TimeProvider _time;

    public TokenService(ControlPlaneState state, DevmapWriter writer, TimeProvider time) => (_state, _writer, _time) = (state, writer, time);

    /// <summary>Returns all tokens, in order of their names.</summary>
    /// <exception cref="ControlPlaneException">The request is not valid.</exception>
    public IReadOnlyList<Token> List(RequestContext request)
    {
        request.Violations.ThrowIfAny();
        return [.. _state.Current.Tokens.ByName.Values.Select(View)];
    }

    /// <summary>Returns one token.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.TokenNotFound"/>.</exception>
    public Token Get(string token, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        return View(_state.Current.Tokens.ByName.GetValueOrDefault(token) ?? throw new ControlPlaneException(AccessErrors.TokenNotFound(token)));
    }

    /// <summary>Creates a token and returns it with its secret.</summary>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<CreatedToken> CreateAsync(TokenRequest asked, RequestContext request)
    {
        Validate(asked, request.Violations);
        request.Violations.ThrowIfAny();
        var limits = asked.Limits is { AreNone: false } given ? given : null;
        var spec = new TokenSpec(asked.Role, asked.ExpireTime, limits, asked.Labels ?? Labels.Empty, string.IsNullOrEmpty(asked.Owner) ? null : asked.Owner);
        var secret = SecretPrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var record = await _writer.SubmitAsync(new CreateTokenCommand(asked.Name, HashOf(secret), spec), request);
        return new CreatedToken(View(record), secret);
    }

    /// <summary>Deletes a token.</summary>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task DeleteAsync(string token, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        await _writer.SubmitAsync(new DeleteTokenCommand(token, request.Precondition), request);
    }

    /// <summary>Returns the token with this secret.</summary>
    /// <remarks>The table is asked for the hash of the secret, so the time that it takes says nothing of other secrets.</remarks>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.Unauthenticated"/>: there is none, or it has expired.</exception>
    public TokenRecord Authenticate(string secret)
    {
        if (_state.Current.Tokens.FindByHash(HashOf(secret)) is not { } token)
            throw new ControlPlaneException(AccessErrors.UnknownToken());
        return IsExpired(token) ? throw new ControlPlaneException(AccessErrors.ExpiredToken(token.Name)) : token;
    }

    private static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private bool IsExpired(TokenRecord token) => token.Spec.ExpireTime <= _time.GetUtcNow();

    private Token View(TokenRecord token) => new(
        token.Name, token.Revision, token.CreateTime, token.CreateTime, token.Spec, new TokenStatus(IsExpired(token) ? TokenState.Expired : TokenState.Active));

    private void Validate(TokenRequest asked, Violations violations)
    {
        if (!TokenName.IsValid(asked.Name) && !violations.Has("name"))
            violations.Add("name", string.IsNullOrEmpty(asked.Name) ? "is required" : TokenName.Rule);
        if (asked.ExpireTime <= _time.GetUtcNow())
            violations.Add("expireTime", "must be in the future");
        LabelRules.Validate(asked.Labels, asked.Owner, violations);
        if (asked.Limits is not { AreNone: false } limits)
            return;
        if (asked.Role != Role.Operator && !violations.Has("role"))
            violations.Add("limits", "only a token with the role operator can have limits");
        Check(limits.Devmaps, "limits.devmaps", DevmapName.IsValid, DevmapName.Rule, violations);
        Check(limits.Owners, "limits.owners", LabelRules.IsOwner, LabelRules.OwnerRule, violations);
        if (limits.KeyRanges.Count > MaxLimits)
            violations.Add("limits.keyRanges", $"at most {MaxLimits}");
        foreach (var (i, range) in limits.KeyRanges.Index())
            Check(range, $"limits.keyRanges[{i}]", violations);
    }

    private static void Check(IReadOnlyList<string> names, string field, Predicate<string> isValid, string rule, Violations violations)
    {
        if (names.Count > MaxLimits)
            violations.Add(field, $"at most {MaxLimits}");
        foreach (var (i, name) in names.Index())
        {
            if (!isValid(name))
                violations.Add($"{field}[{i}]", rule);
        }
    }

    private void Check(KeyRange range, string field, Violations violations)
    {
        if (range.Devmap is null || _state.Current.Devmaps.GetValueOrDefault(range.Devmap) is not { } devmap)
        {
            violations.Add($"{field}.devmap", "there is no such devmap");
            return;
        }

        var selector = devmap.Definition.Spec.KeySelector;
        var from = selector.Parse(range.From ?? "", out var error);
        if (error is not null)
            violations.Add($"{field}.from", error);
        var to = selector.Parse(range.To ?? "", out error);
        if (error is not null)
            violations.Add($"{field}.to", error);
        if (from is { } first && to is { } last && !KeyRange.IsUpTo(first, last))
            violations.Add($"{field}.to", "must be the same as from or after it, and both must be numbers or both names");
    }
}
