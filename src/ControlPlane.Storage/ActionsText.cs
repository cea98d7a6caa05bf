using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Storage;

/// <summary>The actions of entries as the store has them: a JSON object of the actions that are given, by their names.</summary>
internal static class ActionsText
{
    /// <summary>Returns the text of actions; null if there are none.</summary>
    public static string? Of(EntryActions? actions)
    {
        if (actions is null)
            return null;
        var members = new JsonObject();
        if (actions.SourceMac is { } source)
            members["sourceMac"] = source.ToString();
        if (actions.DestinationMac is { } destination)
            members["destinationMac"] = destination.ToString();
        if (actions.SetVlan is { } set)
            members["setVlan"] = set;
        if (actions.PushVlan is { } push)
            members["pushVlan"] = push;
        if (actions.PopVlan)
            members["popVlan"] = true;
        if (actions.DecrementTtl)
            members["decrementTtl"] = true;
        return members.ToJsonString();
    }

    /// <summary>Reads a text that <see cref="Of"/> returned.</summary>
    /// <exception cref="FormatException">The text is something else.</exception>
    public static EntryActions Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var actions = new EntryActions();
            foreach (var member in document.RootElement.EnumerateObject())
            {
                actions = member.Name switch
                {
                    "sourceMac" => actions with { SourceMac = Address(member.Value) },
                    "destinationMac" => actions with { DestinationMac = Address(member.Value) },
                    "setVlan" => actions with { SetVlan = member.Value.GetUInt16() },
                    "pushVlan" => actions with { PushVlan = member.Value.GetUInt16() },
                    "popVlan" => actions with { PopVlan = member.Value.GetBoolean() },
                    "decrementTtl" => actions with { DecrementTtl = member.Value.GetBoolean() },
                    _ => throw new FormatException($"'{member.Name}' is not an action that this version knows"),
                };
            }

            var violations = new Violations();
            ActionRules.Check(actions, violations);
            return violations.Found is [var first, ..] ? throw new FormatException($"{first.Field} {first.Message}") : actions;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new FormatException($"the actions {text} cannot be read: {e.Message}", e);
        }
    }

    private static MacAddress Address(JsonElement value) =>
        MacAddress.TryParse(value.GetString(), out var address) ? address : throw new FormatException($"a MAC address {MacAddress.Rule}");
}
