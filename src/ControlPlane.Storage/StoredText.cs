using System.Text.Json;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Storage;

/// <summary>The members of resources that the store keeps as text.</summary>
internal static class StoredText
{
    /// <summary>Returns the text of labels.</summary>
    public static string Of(Labels labels) => labels.Count == 0 ? "{}" : JsonSerializer.Serialize(labels.ToDictionary());

    /// <summary>Reads labels.</summary>
    /// <exception cref="JsonException">The text is something else.</exception>
    public static Labels Labels(string text) => text == "{}" ? Core.Model.Labels.Empty : Core.Model.Labels.Of(JsonSerializer.Deserialize<Dictionary<string, string>>(text));

    /// <summary>Returns the text of the limits of a token.</summary>
    public static string Of(TokenLimits? limits) => JsonSerializer.Serialize(limits ?? TokenLimits.None, JsonSerializerOptions.Web);

    /// <summary>Reads the limits of a token; null for none.</summary>
    /// <exception cref="JsonException">The text is something else.</exception>
    public static TokenLimits? Limits(string text)
    {
        var limits = JsonSerializer.Deserialize<TokenLimits>(text, JsonSerializerOptions.Web)!;
        return limits.Devmaps.Count + limits.Owners.Count + limits.KeyRanges.Count == 0 ? null : limits;
    }

    /// <summary>Reads the make-up of an egress program.</summary>
    /// <param name="program">The name of the program, for the message.</param>
    /// <param name="template">The template.</param>
    /// <param name="parameters">The parameters.</param>
    /// <exception cref="FormatException">This version does not know the template or a parameter, or they do not fit.</exception>
    public static EgressProgramConfig Config(string program, string template, string parameters)
    {
        try
        {
            var config = new EgressProgramConfig(EgressTemplate.Set.Named(template), EgressProgramParameters.Parse(parameters));
            var violations = new Violations();
            config.Template.Parameters.Check(config.Parameters, violations);
            return violations.Found is [var first, ..] ? throw new FormatException($"{first.Field} {first.Message}") : config;
        }
        catch (FormatException e)
        {
            throw new FormatException($"the program {program} cannot be read: {e.Message}", e);
        }
    }
}
