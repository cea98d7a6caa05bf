using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>The parameters of templates. Each template takes its own and refuses the others.</summary>
public sealed class EgressProgramParameters : IEquatable<EgressProgramParameters>
{
    private readonly Dictionary<TemplateParameter, object> _values;

    /// <param name="values">The values by parameter.</param>
    public EgressProgramParameters(IEnumerable<KeyValuePair<TemplateParameter, object>> values) => _values = values.ToDictionary();

    /// <summary>No parameters.</summary>
    public static EgressProgramParameters Empty { get; } = new([]);

    /// <summary>Whether no parameter is given.</summary>
    public bool IsEmpty => _values.Count == 0;

    /// <summary>Reads the parameters from a JSON object.</summary>
    /// <exception cref="FormatException">The text is not a JSON object, or a parameter is unknown or has another form.</exception>
    public static EgressProgramParameters Parse(string json)
    {
        using var document = ParseObject(json);
        var values = new Dictionary<TemplateParameter, object>();
        foreach (var member in document.RootElement.EnumerateObject())
        {
            var parameter = TemplateParameter.Find(member.Name)
                ?? throw new FormatException($"'{member.Name}' is not a parameter that this version knows; it knows {string.Join(", ", TemplateParameter.All)}");
            values[parameter] = parameter.FromJson(member.Value, out var error) ?? throw new FormatException($"{member.Name} {error}");
        }

        return new(values);
    }

    /// <summary>Returns the value of a parameter; null if it is not given.</summary>
    public object? Find(TemplateParameter parameter) => _values.GetValueOrDefault(parameter);

    /// <summary>Returns the value of a parameter; null if it is not given.</summary>
    public T? Get<T>(TemplateParameter<T> parameter)
        where T : struct => (T?)Find(parameter);

    /// <summary>Returns these parameters and one more.</summary>
    public EgressProgramParameters With<T>(TemplateParameter<T> parameter, T value)
        where T : struct => new(_values.Where(v => v.Key != parameter).Append(KeyValuePair.Create<TemplateParameter, object>(parameter, value)));

    /// <summary>Returns the given values, in the order of the contract.</summary>
    public IEnumerable<(TemplateParameter Parameter, object Value)> Given() =>
        TemplateParameter.All.Where(_values.ContainsKey).Select(p => (p, _values[p]));

    /// <summary>Returns the parameters as a JSON object.</summary>
    public string ToJson() => new JsonObject(Given().Select(v => KeyValuePair.Create<string, JsonNode?>(v.Parameter.Name, v.Parameter.ToJson(v.Value)))).ToJsonString();

    /// <inheritdoc/>
    public bool Equals(EgressProgramParameters? other) =>
        other is not null && _values.Count == other._values.Count && _values.All(v => v.Value.Equals(other.Find(v.Key)));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as EgressProgramParameters);

    /// <inheritdoc/>
    public override int GetHashCode() => Given().Aggregate(0, (hash, v) => HashCode.Combine(hash, v.Value));

    /// <inheritdoc/>
    public override string ToString() => ToJson();

    private static JsonDocument ParseObject(string json)
    {
        try
        {
            var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            document.Dispose();
        }
        catch (JsonException)
        {
            // Reported below.
        }

        throw new FormatException($"the parameters {json} are not a JSON object");
    }
}

/// <summary>The parameters that a template takes.</summary>
public sealed class ParameterRules
{
    private readonly TemplateParameter[] _required;
    private readonly TemplateParameter[] _atLeastOneOf;

    /// <param name="required">Parameters that a program must have.</param>
    /// <param name="optional">Parameters that a program can have.</param>
    /// <param name="atLeastOneOf">Parameters of which a program must have at least one.</param>
    internal ParameterRules(TemplateParameter[] required, TemplateParameter[]? optional = null, TemplateParameter[]? atLeastOneOf = null) =>
        (_required, _atLeastOneOf, All) = (required, atLeastOneOf ?? [], [.. required, .. optional ?? [], .. atLeastOneOf ?? []]);

    /// <summary>The rules of a template without parameters.</summary>
    public static ParameterRules None { get; } = new([]);

    /// <summary>All parameters that the template takes.</summary>
    public IReadOnlyList<TemplateParameter> All { get; }

    /// <summary>Returns whether the template takes the parameter.</summary>
    public bool Takes(TemplateParameter parameter) => All.Contains(parameter);

    /// <summary>Adds a violation for every parameter that the template does not take, needs, or cannot have.</summary>
    /// <param name="given">The parameters that are given.</param>
    /// <param name="violations">Receives the violations. A field that has one is not checked.</param>
    public void Check(EgressProgramParameters given, Violations violations)
    {
        foreach (var parameter in TemplateParameter.All.Where(p => !violations.Has(FieldOf(p))))
        {
            if (Check(parameter, given.Find(parameter)) is { } error)
                violations.Add(FieldOf(parameter), error);
        }

        if (_atLeastOneOf.Length > 0 && !_atLeastOneOf.Any(p => given.Find(p) is not null || violations.Has(FieldOf(p))))
            violations.Add("parameters", $"must have at least one of {string.Join<TemplateParameter>(", ", _atLeastOneOf)}");
    }

    private string? Check(TemplateParameter parameter, object? value)
    {
        if (value is null)
            return _required.Contains(parameter) ? "is required by this template" : null;
        return Takes(parameter) ? parameter.Check(value) : "is not a parameter of this template";
    }

    private static string FieldOf(TemplateParameter parameter) => $"parameters.{parameter.Name}";
}
