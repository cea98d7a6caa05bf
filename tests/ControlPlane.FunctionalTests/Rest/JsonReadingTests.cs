using System.Text.Json;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Api.Rest.Json;
using ControlPlane.Daemon.Api.Rest.Reading;

namespace ControlPlane.FunctionalTests.Rest;

/// <summary>Arrays in bodies of requests: every wrong item is named by its place, and the valid items are kept.</summary>
public sealed class JsonReadingTests
{
    [Fact]
    public void Array_OfTexts_NamesTheWrongItems()
    {
        var (remedy, violations) = Read("""{"summary":"s","commands":["a",7,null,"b",["c"]],"request":null}""", RestJson.Instance.RemedyResource);

        Assert.Equal(["a", "b"], remedy.Commands);
        Assert.Equal(
            ["commands[1]: must be a string, not the number 7", "commands[2]: must be a value, not null", "commands[4]: must be a string, not an array"],
            violations);
    }

    [Fact]
    public void Array_OfObjects_NamesTheWrongFieldsOfItems()
    {
        var (problem, violations) = Read(
            """
            {"type":"","title":"","status":400,"detail":"","instance":"","code":"","requestId":"",
             "errors":[{"field":"a","message":"b"},{"field":1,"message":"m","more":2},"text"]}
            """,
            RestJson.Instance.Problem);

        Assert.Equal(new FieldViolation("a", "b"), problem.Errors![0]);
        Assert.Equal(["errors[1].field", "errors[1].more", "errors[2]"], violations.Select(v => v.Split(':')[0]));
    }

    [Fact]
    public void Array_GivenAsAnotherKind_IsRefusedAsAWhole() => Assert.Equal(
        ["commands: must be an array, not a string"], Read("""{"summary":"s","commands":"a"}""", RestJson.Instance.RemedyResource).Violations);

    private static (T Value, IEnumerable<string> Violations) Read<T>(string json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        var violations = new Violations();
        using var document = JsonDocument.Parse(json);
        return (new JsonReading(violations).Read(document.RootElement, type), violations.Found.Select(v => $"{v.Field}: {v.Message}"));
    }
}
