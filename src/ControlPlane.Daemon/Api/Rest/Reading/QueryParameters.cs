using System.Globalization;
using System.Reflection;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Api.Rest.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.WebUtilities;

namespace ControlPlane.Daemon.Api.Rest.Reading;

/// <summary>
/// The query parameters of one operation, by the parameters of its handler. The framework binds them and would skip or guess what is
/// wrong; this reads the same query strictly and collects the errors: an unknown parameter, a repeated one, a value that is not valid.
/// </summary>
internal sealed class QueryParameters
{
    private readonly Dictionary<string, Type> _known;
    private readonly (string Name, Type Type, int Position)[] _words;

    private QueryParameters(IReadOnlyList<(string Name, Type Type, int Position)> parameters)
    {
        _known = parameters.ToDictionary(p => p.Name, p => p.Type, StringComparer.Ordinal);
        _words = [.. parameters.Where(p => p.Type.IsEnum)];
    }

    /// <summary>Returns the query parameters of a handler.</summary>
    public static QueryParameters Of(MethodInfo handler, RoutePattern pattern) => new(
    [
        .. handler.GetParameters()
            .Where(p => IsSimple(p.ParameterType))
            .Where(p => p.GetCustomAttribute<FromHeaderAttribute>() is null && p.GetCustomAttribute<FromRouteAttribute>() is null)
            .Select(p => (
                Name: p.GetCustomAttribute<FromQueryAttribute>()?.Name ?? p.Name!,
                Type: Nullable.GetUnderlyingType(p.ParameterType) ?? p.ParameterType,
                p.Position))
            .Where(p => pattern.GetParameter(p.Name) is null),
    ]);

    /// <summary>Binds the enums, whose words are those of REST and not those of the framework.</summary>
    public void BindWords(IQueryCollection query, IList<object?> arguments)
    {
        foreach (var (name, type, position) in _words)
        {
            if (query[name] is [{ } text] && Array.IndexOf(RestJson.WordsOf(type), text) is >= 0 and var at)
                arguments[position] = Enum.GetValues(type).GetValue(at);
        }
    }

    /// <summary>Adds the errors of a request's query.</summary>
    public void Check(HttpRequest request, Violations violations)
    {
        if (!request.QueryString.HasValue)
            return;
        HashSet<string> given = [];
        foreach (var pair in new QueryStringEnumerable(request.QueryString.Value))
        {
            if (!PercentText.TryDecode(pair.EncodedName.Span, plusIsSpace: true, out var name))
                violations.AddBounded("query", "the name of a parameter must be percent-encoded UTF-8");
            else if (!_known.TryGetValue(name, out var type))
                violations.AddBounded(Shorten(name), Unknown());
            else if (!given.Add(name) && type != typeof(string[]))
                AddOnce(violations, name, "may be given only once");
            else if (!PercentText.TryDecode(pair.EncodedValue.Span, plusIsSpace: true, out var value))
                AddOnce(violations, name, "must be percent-encoded UTF-8");
            else if (Wrong(value, type) is { } wrong)
                AddOnce(violations, name, wrong);
        }
    }

    private static bool IsSimple(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(string) || type == typeof(string[]) || type.IsEnum || type.IsPrimitive;
    }

    private static string? Wrong(string value, Type type)
    {
        if (type == typeof(bool))
            return value is "true" or "false" ? null : "must be true or false";
        if (type.IsEnum)
            return RestJson.WordsOf(type).Contains(value) ? null : $"must be one of {string.Join(", ", RestJson.WordsOf(type))}";
        var isNumber = type == typeof(int) ? int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            : type != typeof(long) || long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);
        return isNumber ? null : "must be a whole number";
    }

    private static void AddOnce(Violations violations, string name, string message)
    {
        if (!violations.Has(name))
            violations.AddBounded(name, message);
    }

    private string Unknown() => RequestErrors.UnknownParameter([.. _known.Keys]);

    private static string Shorten(string name) => name.Length <= JsonReading.MaxNameLength ? name : name[..JsonReading.MaxNameLength] + "…";
}
