using System.Globalization;
using ControlPlane.Core.Errors;
using Microsoft.AspNetCore.WebUtilities;

namespace ControlPlane.Daemon.Rest.Reading;

/// <summary>
/// Reads a request's query strictly: what the operation does not take, what is given twice and what is not UTF-8 are faults.
/// Which parameters there are stands in the endpoint's metadata (<see cref="QueryParameter"/>).
/// </summary>
internal sealed class QueryReader
{
    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);
    private readonly Violations _faults;

    public QueryReader(HttpContext http, Violations faults)
    {
        _faults = faults;
        var known = http.GetEndpoint()?.Metadata.GetOrderedMetadata<QueryParameter>() ?? [];
        foreach (var pair in new QueryStringEnumerable(http.Request.QueryString.Value))
        {
            if (!PercentText.TryDecode(pair.EncodedName.Span, plusIsSpace: true, out var name))
                faults.AddBounded("query", "the name of a parameter must be percent-encoded UTF-8");
            else if (known.FirstOrDefault(p => p.Name == name) is not { } parameter)
                faults.AddBounded(Shorten(name), Unknown(known));
            else if (!PercentText.TryDecode(pair.EncodedValue.Span, plusIsSpace: true, out var value))
                faults.AddBounded(name, "must be percent-encoded UTF-8");
            else if (!_values.TryGetValue(name, out var values))
                _values.Add(name, [value]);
            else if (parameter.Repeated)
                values.Add(value);
            else if (!faults.Has(name))
                faults.AddBounded(name, "may be given only once");
        }
    }

    /// <summary>A text; null when it was not given.</summary>
    public string? Text(string name) => _values.GetValueOrDefault(name)?[0];

    /// <summary>All values of a repeated parameter; null when it was not given.</summary>
    public IReadOnlyList<string>? Texts(string name) => _values.GetValueOrDefault(name);

    /// <summary>A whole number; null when it was not given, or is none, which is a fault. Its range is the service's to know.</summary>
    public int? Number(string name)
    {
        if (Text(name) is not { } text)
            return null;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            return number;
        if (!_faults.Has(name))
            _faults.AddBounded(name, "must be a whole number");
        return null;
    }

    /// <summary>A revision; null when it was not given, or is none, which is a fault.</summary>
    public long? Revision(string name)
    {
        if (Text(name) is not { } text)
            return null;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var revision))
            return revision;
        if (!_faults.Has(name))
            _faults.AddBounded(name, "must be a revision: a whole number");
        return null;
    }

    /// <summary>A truth value; null when it was not given, or is none, which is a fault.</summary>
    public bool? Boolean(string name)
    {
        var text = Text(name);
        if (text is null or "true" or "false")
            return text is null ? null : text == "true";
        if (!_faults.Has(name))
            _faults.AddBounded(name, "must be true or false");
        return null;
    }

    private static string Unknown(IReadOnlyList<QueryParameter> known) => known.Count == 0
        ? "is not a parameter of this operation; it takes none"
        : $"is not a parameter of this operation; it takes {string.Join(", ", known.Select(p => p.Name))}";

    private static string Shorten(string name) => name.Length <= JsonFields.MaxNameLength ? name : name[..JsonFields.MaxNameLength] + "…";
}
