using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using Microsoft.Net.Http.Headers;

namespace ControlPlane.Daemon.Api.Rest.Reading;

/// <summary>
/// Reads <c>If-Match</c> and <c>If-None-Match</c> (RFC 9110, 13.1). An entity tag is a resource's revision in quotes. It stands for the
/// desired state and not for the status, which changes under one revision: therefore reads are never answered with 304.
/// </summary>
internal static class Preconditions
{
    /// <summary>Returns the entity tag of a revision.</summary>
    public static string EntityTag(long revision) => string.Create(CultureInfo.InvariantCulture, $"\"{revision}\"");

    /// <summary>Returns the precondition of a write. Errors in the headers are added to the violations.</summary>
    public static Precondition Read(IHeaderDictionary headers, Violations violations)
    {
        var mustNotExist = headers.IfNoneMatch.Count > 0;
        if (mustNotExist && headers.IfNoneMatch is not ["*"])
            violations.Add(HeaderNames.IfNoneMatch, "must be *: the resource must not exist");
        if (headers.IfMatch.Count == 0)
            return new Precondition(MustNotExist: mustNotExist);
        if (headers.IfMatch is ["*"])
            return new Precondition(MustExist: true, MustNotExist: mustNotExist);
        if (EntityTagHeaderValue.TryParseStrictList([.. headers.IfMatch.Select(v => v ?? "")], out var tags))
            return new Precondition(MustNotExist: mustNotExist) { Revisions = [.. tags.Select(Revision).OfType<long>()] };
        violations.Add(HeaderNames.IfMatch, "must be * or entity tags as reads give them: revisions in quotes");
        return default;
    }

    // The comparison is strong: a weak tag matches nothing. Neither does a tag that is no revision.
    private static long? Revision(EntityTagHeaderValue tag) =>
        !tag.IsWeak
        && long.TryParse(tag.Tag.AsSpan().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
        && tag.Tag.Equals(EntityTag(revision), StringComparison.Ordinal)
            ? revision
            : null;
}
